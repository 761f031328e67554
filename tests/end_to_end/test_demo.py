"""The demo: without a key or a network, from `podctl spawn` to a clean machine."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from podd.sandbox.probe import probe
from tests.end_to_end.shell import LIMIT_SECONDS, Shell

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "manifests/demo.toml"


def _survey(shell: Shell) -> Path:
    """Make a directory with facts that no script can know."""
    place = shell.directory / "project"
    (place / "sources").mkdir(parents=True)
    (place / "ABOUT.md").write_text(
        "# Of otters 7731\n\nTwo lines.\n", encoding="utf-8"
    )
    (place / "sources/otter.py").write_text(
        "# TODO: swim\n# FIXME: dive\n", encoding="utf-8"
    )
    return place


def _files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def _demo(place: Path, *more: str) -> tuple[str | Path, ...]:
    return ("spawn", DEMO, "--once", "--set", f"pod.workdir={place}", *more)


def test_it_surveys_reports_and_leaves_nothing_behind(shell: Shell) -> None:
    place = _survey(shell)
    before = _files(shell.directory)

    said = shell(*_demo(place))

    assert said.code == 0
    assert "refused" in said.out
    assert "podd-reports/survey.md" in said.out
    report = (place / "podd-reports/survey.md").read_text("utf-8")
    for fact in ("ABOUT.md", "sources/", "1 path for *.md", "# Of otters 7731"):
        assert fact in report
    for refusal in ("outside the scope", "texts is lent to pod 'demo.texts'"):
        assert refusal in report
    after = _files(shell.directory)
    made = {"survey.md", "texts/found.md"}
    if probe().means is not None:
        assert "Files with a mark (TODO, FIXME, XXX): 1" in report
        assert "marks is lent to pod 'demo.marks'" in report
        made.add("marks/with-marks.txt")
    assert set(after) - set(before) == {f"project/podd-reports/{x}" for x in made}
    assert {name: after[name] for name in before} == before
    assert shell.is_clean()
    assert shell.pods() == []
    assert shell("session", "verify", "last").code == 0


def test_a_second_survey_works_too(shell: Shell) -> None:
    place = _survey(shell)

    first, second = shell(*_demo(place)), shell(*_demo(place))

    assert (first.code, second.code) == (0, 0)
    sessions = shell("session", "list", "--json").document["sessions"]
    assert sorted(session["pod"] for session in sessions) == sorted(
        ["demo", "demo.marks", "demo.texts"] * 2
    )


def test_json_is_the_events_of_the_wire_and_at_the_end_the_result(shell: Shell) -> None:
    said = shell(*_demo(_survey(shell), "--json"))

    *events, last = said.lines
    assert said.code == 0
    own = [line for line in events if line["event"] != "child_event"]
    assert all(line["pod"] == "demo" for line in own)
    numbers = [line["seq"] for line in events]
    assert numbers == sorted(set(numbers))
    assert {"turn_started", "step_started", "text_delta", "text"} < set(said.events)
    assert said.events[-1] == "turn_ended"
    refused = [
        line
        for line in events
        if line["event"] == "tool_result" and line["status"] == "denied"
    ]
    assert [line["name"] for line in refused] == ["write_file", "write_file"]
    told = {line["pod"] for line in events if line["event"] == "child_event"}
    # `pod` of a line is who says it; of a child's event it is the child.
    assert told == {"demo.marks", "demo.texts"}
    assert list(last) == ["schema_version", "result"]
    result = last["result"]
    assert set(result) >= {
        *("pod", "session", "turn", "outcome", "text", "value"),
        *("usage", "duration_seconds", "children"),
    }
    assert result["outcome"] == {"kind": "completed"}
    assert result["pod"] == "demo"
    assert sorted(
        (child["pod"], child["outcome"]["kind"]) for child in result["children"]
    ) == [("demo.marks", "completed"), ("demo.texts", "completed")]
    assert result["text"] == events[-1]["text"]
    assert set(result["usage"]) >= {
        *("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"),
        *("reasoning_tokens", "requests", "cost_usd", "estimated"),
    }
    assert said.err == ""


def test_on_a_terminal_the_refusal_is_told_in_plain_words(shell: Shell) -> None:
    place = _survey(shell)
    screen, terminal = pty.openpty()
    words = [sys.executable, "-I", "-m", "podd.cli", *map(str, _demo(place))]
    process = subprocess.Popen(
        words,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(terminal)
    seen = b""
    # A terminal whose other end is closed is an error, not an end of file.
    try:
        while piece := os.read(screen, 65536):
            seen += piece
    except OSError:
        os.close(screen)
    assert process.wait(LIMIT_SECONDS) == 0
    drawn = re.sub(r"\x1b\[[0-9;]*m", "", seen.decode()).split("\r\n")
    lines = [line.rpartition("\r\x1b[K")[2] for line in drawn]
    trespass = next(i for i, line in enumerate(lines) if "podd-was-here" in line)
    assert "✗" in lines[trespass]
    assert "outside the scope" in " ".join(lines[trespass : trespass + 3])
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("completed · ") for line in lines)
    assert any("podctl resume demo" in line for line in lines)


def test_the_checkouts_own_podctl_runs_it(shell: Shell) -> None:
    place = _survey(shell)
    words = ["scripts/podctl", *map(str, _demo(place)), "--json"]

    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, check=False, timeout=LIMIT_SECONDS
    )

    assert done.returncode == 0
    result = json.loads(done.stdout.splitlines()[-1])["result"]
    assert result["outcome"]["kind"] == "completed"
