from __future__ import annotations

import re
from pathlib import Path

import pytest

from podd.errors import ManifestError, NoSuchError
from podd.providers.recording import written
from podd.providers.scripted.loading import load
from podd.providers.scripted.script import Call, Fail, Pace, Script, Spent, Step
from tests.providers.recordings import SAID

EVERYTHING = r'''
# a comment with [[step]]
[[step]]
match = "sur(vey)?"
reasoning = "hm"
text = """
[[step]]
text = "not a step"
"""
delay_seconds = 0.5
stream = { chunk_chars = 3, delay_seconds = 0.1 }
stop_reason = "output_limit"
usage = { input_tokens = 5 }
repeat = "forever"

[[step.call]]
tool = "read_file"
label = "readme"
arguments = { path = "README.md", limit = 3 }

[[step.call]]
tool = "grep"
arguments_text = '{"broken": '

[[step]]
fail = { status = 429, times = 2, retry_after_seconds = 1, after_chars = 2 }
text = "{{result readme | lines 1}}"
'''


def _load(tmp_path: Path, text: str) -> Script:
    file = tmp_path / "x.script.toml"
    file.write_text(text, encoding="utf-8")
    return load(str(file))


def test_everything_that_a_script_may_say_is_read(tmp_path):
    script = _load(tmp_path, EVERYTHING)

    assert script.lines == (3, 25)
    assert script.steps == (
        Step(
            match="sur(vey)?",
            reasoning="hm",
            text='[[step]]\ntext = "not a step"\n',
            delay_seconds=0.5,
            stream=Pace(chunk_chars=3, delay_seconds=0.1),
            stop_reason="output_limit",
            usage=Spent(input_tokens=5),
            repeat="forever",
            call=(
                Call(
                    tool="read_file",
                    label="readme",
                    arguments={"path": "README.md", "limit": 3},
                ),
                Call(tool="grep", arguments_text='{"broken": '),
            ),
        ),
        Step(
            fail=Fail(status=429, times=2, retry_after_seconds=1, after_chars=2),
            text="{{result readme | lines 1}}",
        ),
    )


STEP = '[[step]]\ntext = "x"\n'


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("", None, "step"),
        ("steps = 1\n", 1, "steps"),
        ("step = 1\n", 1, "step"),
        ("step = []\n", 1, "step"),
        ("[[step]]\ntext = \n", 2, ""),
        (STEP + 'txet = "y"\n', 3, "step.txet"),
        (STEP + "text = 7\n", 3, ""),
        (STEP + "reasoning = 7\n", 3, "step.reasoning"),
        (STEP + STEP + "repeat = 0\n", 5, "step.repeat"),
        (STEP + 'repeat = "twice"\n', 3, "step.repeat"),
        (STEP + "delay_seconds = -1\n", 3, "step.delay_seconds"),
        (STEP + 'match = "("\n', 3, "step.match"),
        (STEP + 'stop_reason = "tired"\n', 3, "step.stop_reason"),
        (STEP + 'fail = { fault = "tired" }\n', 3, "step.fail.fault"),
        (STEP + "fail = {}\n", 3, "step.fail"),
        (STEP + 'fail = { fault = "cut", status = 500 }\n', 3, "step.fail"),
        (STEP + "fail = { status = 200 }\n", 3, "step.fail.status"),
        (STEP + "stream = { chunk_chars = 0 }\n", 3, "step.stream.chunk_chars"),
        (STEP + "stream = { speed = 1 }\n", 3, "step.stream.speed"),
        (STEP + "usage = { tokens = 1 }\n", 3, "step.usage.tokens"),
        ("[[step]]\n", 1, "step"),
        ('[[step]]\nfail = { fault = "cut", times = 1 }\n', 1, "step"),
        (STEP + "[[step.call]]\n", 3, "step.call"),
        (STEP + '[[step.call]]\ntool = "x"\nargs = {}\n', 5, "step.call.args"),
        (
            STEP + '[[step.call]]\ntool = "x"\narguments = 3\n',
            5,
            "step.call.arguments",
        ),
        (
            STEP + '[[step.call]]\ntool = "x"\narguments = {}\narguments_text = ""\n',
            6,
            "step.call.arguments_text",
        ),
        ('[[step]]\ntext = "{{result x}}"\n', 2, "step.text"),
        ('[[step]]\ntext = "{{result x | up}}"\n', 2, "step.text"),
        (
            '[[step]]\n[[step.call]]\ntool = "x"\narguments = { a = ["{{result}}"] }\n',
            4,
            "step.call.arguments",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, text, line, key):
    with pytest.raises(ManifestError) as caught:
        _load(tmp_path, text)

    assert caught.value.path == str(tmp_path / "x.script.toml")
    assert (caught.value.line, caught.value.key) == (line, key)


def test_the_nearest_known_key_is_offered(tmp_path):
    with pytest.raises(ManifestError) as caught:
        _load(tmp_path, STEP + "repaet = 2\n")

    assert "'repeat'" in caught.value.hint


def test_a_script_that_is_not_there_is_no_file(tmp_path):
    with pytest.raises(NoSuchError) as caught:
        load(str(tmp_path / "no.toml"))

    assert caught.value.code == "no_such_file"


def test_the_examples_of_the_documentation_can_be_played(tmp_path):
    page = Path(__file__).parents[3].joinpath("docs", "scripted.md").read_text("utf-8")
    examples = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    scripts = [text for text in examples if "[[step]]" in text]

    recording = tmp_path / "000001-t1.1.1.recording.jsonl"
    recording.write_bytes(written(SAID))
    assert len(scripts) >= 2
    for text in scripts:
        assert _load(tmp_path, text).steps


def test_the_documentation_names_every_key():
    page = Path(__file__).parents[3].joinpath("docs", "scripted.md").read_text("utf-8")
    keys = {
        name
        for kind in (Step, Call, Fail, Pace, Spent)
        for name in kind.__struct_fields__
    }

    assert {key for key in keys if f"`{key}`" not in page} == set()
