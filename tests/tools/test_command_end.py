import pytest

from podd.tools.command_end import told
from podd.tools.ports import CommandEnded


@pytest.mark.parametrize(
    ("end", "status", "reason", "said"),
    [
        ("exited", 0, "", "exited with 0"),
        ("exited", 127, "", "exited with 127"),
        ("exited", 128, "", "exited with 128"),
        (
            "exited",
            137,
            "",
            "exited with 137 (128 + SIGKILL: that signal killed a program in it)",
        ),
        ("exited", 255, "", "exited with 255"),
        ("exited", 0, "one was left", "exited with 0 (one was left)"),
        ("signalled", 9, "", "was killed by SIGKILL (9)"),
        ("signalled", 9, "out of memory", "was killed by SIGKILL (9) (out of memory)"),
        ("signalled", 99, "", "was killed by signal 99"),
        (
            "timed_out",
            9,
            "",
            "took too long and was stopped, with all it had started",
        ),
        ("stopped", 15, "", "was stopped, with all it had started"),
        ("lost", 0, "", "was lost; what it had done is not known"),
        (
            "lost",
            0,
            "the pod had ended",
            "was lost (the pod had ended); what it had done is not known",
        ),
    ],
)
def test_each_end_in_plain_words(end, status, reason, said):
    assert told(CommandEnded(end=end, status=status, reason=reason)) == said
