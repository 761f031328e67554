"""Where podctl's words go."""

import contextlib
import json
import os
import pty
from collections.abc import Callable

import pytest

from podd.cli.output import Output

Captured = pytest.CaptureFixture[str]

NASTY = "a\x1b[2Jb\x07c\x9bd\te"


def _on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, stream: str, write: Callable[[], None]
) -> str:
    """What arrives at a terminal that is one of our streams."""
    monkeypatch.setenv("TERM", "xterm")
    master, slave = pty.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(f"sys.{stream}", terminal)
        write()
    seen = b""
    # One read may give one line alone; where nobody can write any more, it fails.
    with contextlib.suppress(OSError):
        while data := os.read(master, 65536):
            seen += data
    os.close(master)
    return seen.decode()


def test_a_terminal_is_told_nothing_that_it_would_obey(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = _on_a_terminal(monkeypatch, "stdout", lambda: Output().text(NASTY))
    talk = _on_a_terminal(monkeypatch, "stderr", lambda: Output().say(NASTY))

    assert data == talk == "a[2Jbcd\te\r\n"


def test_a_pipe_gets_every_byte(capsys: Captured) -> None:
    Output().text(NASTY)

    assert capsys.readouterr().out == f"{NASTY}\n"


def test_a_tint_goes_around_what_is_harmless(monkeypatch: pytest.MonkeyPatch) -> None:

    def write() -> None:
        Output().text("\x1b[5mx", "red")

    coloured = _on_a_terminal(monkeypatch, "stdout", write)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = _on_a_terminal(monkeypatch, "stdout", write)

    assert coloured == "\x1b[31m[5mx\x1b[0m\r\n"
    assert plain == "[5mx\r\n"


@pytest.mark.parametrize(
    ("loudness", "said"),
    [("quiet", ""), ("normal", "talk\n"), ("verbose", "talk\nmore\n")],
)
def test_talk_is_as_loud_as_one_asked_for(
    loudness: str, said: str, capsys: Captured
) -> None:
    output = Output(loudness=loudness)  # type: ignore[arg-type]  # one of the three

    output.say("talk")
    output.detail("more")

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", said)


def test_a_document_says_its_version_first(capsys: Captured) -> None:
    Output(json=True).document({"zwölf": 12})

    line = capsys.readouterr().out
    assert list(json.loads(line)) == ["schema_version", "zwölf"]
    assert line.count("\n") == 1


@pytest.mark.parametrize("columns", [80, 200])
def test_a_table_fits_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    seen = _on_a_terminal(
        monkeypatch,
        "stdout",
        lambda: Output().table(["A", "B"], [["x" * 90, "y" * 90]]),
    )

    assert max(map(len, seen.splitlines())) == min(columns, 182)


def test_a_table_in_a_pipe_is_whole(capsys: Captured) -> None:
    Output().table(["A", "B"], [["x" * 90, "y" * 90]])

    assert capsys.readouterr().out.splitlines()[1] == "x" * 90 + "  " + "y" * 90
