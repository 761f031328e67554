"""README.md and the guide: what they tell a stranger to type is what works."""

from __future__ import annotations

import ast
import os
import re
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from podd.cli.main import group
from tests.end_to_end.raw_client import raw_client
from tests.end_to_end.shell import ENDLESS, LIMIT_SECONDS, Shell

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
GUIDE = (ROOT / "docs/guide.md").read_text("utf-8")

_BLOCK = re.compile(
    r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)


def _blocks(text: str, language: str) -> list[str]:
    return [b["body"] for b in _BLOCK.finditer(text) if b["language"] == language]


def _command_lines(text: str) -> Iterator[list[str]]:
    """Each use of podctl in a shell block, without what the shell would take."""
    for block in _blocks(text, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            found = re.search(r"(?:^|[\s(])(?:\./scripts/)?podctl (?P<rest>.*)", line)
            if found is None or line.lstrip().startswith("#"):
                continue
            rest = re.split(r" [|<;] ?|\)$", found["rest"])[0]
            yield shlex.split(rest, comments=True)


def _python_client(socket_path: str) -> subprocess.Popen[str]:
    (program,) = _blocks(README, "python")
    return subprocess.Popen(
        [sys.executable, "-I", "-c", program, socket_path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    )


def _is(line: dict[str, Any], event: str) -> bool:
    return line.get("event") == event


def test_its_first_command_works_as_it_stands(shell: Shell) -> None:
    first, second = _blocks(README, "sh")[0].splitlines()
    program, *words = shlex.split(first, comments=True)

    said = shell(*words, "--set", f"pod.workdir={shell.directory}", cwd=ROOT)

    assert said.code == 0
    assert (shell.directory / "podd-reports/survey.md").is_file()
    assert shell.is_clean()
    for script in (program, shlex.split(second, comments=True)[0]):
        assert os.access(ROOT / script, os.X_OK), script


@pytest.mark.parametrize("text", [README, GUIDE], ids=["readme", "guide"])
def test_every_podctl_line_can_be_parsed(text: str) -> None:
    lines = list(_command_lines(text))

    assert len(lines) > 8
    for words in lines:
        above = group.make_context("podctl", list(words))
        name, command, rest = group.resolve_command(
            above, [*above._protected_args, *above.args]
        )
        assert command is not None
        command.make_context(name, rest, parent=above)


@pytest.mark.parametrize("text", [README, GUIDE], ids=["readme", "guide"])
def test_what_it_links_to_is_there(text: str) -> None:
    place = ROOT if text is README else ROOT / "docs"
    links = re.findall(r"\]\((?P<to>[^)#:]+)\)", text)

    assert links
    for link in links:
        assert (place / link).is_file(), link


def test_its_python_shows_every_line_while_the_pod_lives(shell: Shell) -> None:
    pod = shell.spawned(shell.manifest('text = "otter"'), "hi")

    with _python_client(pod["socket"]) as client:
        limit = threading.Timer(LIMIT_SECONDS, client.kill)
        limit.start()
        try:
            assert client.stdout is not None
            shown = []
            for line in client.stdout:
                shown.append(ast.literal_eval(line))
                if _is(shown[-1], "turn_ended"):
                    break
            alive = client.poll() is None
            shell("stop", "demo")
            client.stdout.read()
            code = client.wait()
        finally:
            limit.cancel()
            client.kill()

    assert (alive, code) == (True, 0)
    assert [line["reply"] for line in shown[:2]] == ["welcome", "ok"]
    assert shown[2]["seq"] == 1
    assert "otter" in [line["text"] for line in shown if _is(line, "text")]


def test_the_lines_it_gives_to_socat_are_answered(shell: Shell) -> None:
    pod = shell.spawned(shell.manifest(ENDLESS), "hi")
    (block,) = (b for b in _blocks(README, "sh") if "socat" in b)
    requests = re.findall(r"echo '(?P<line>[^']+)'", block)

    with socket.socket(socket.AF_UNIX) as link, raw_client(pod["socket"]):
        link.settimeout(LIMIT_SECONDS)
        link.connect(pod["socket"])
        link.sendall("".join(f"{line}\n" for line in requests).encode())
        with link.makefile("r", encoding="utf-8") as lines:
            first, second, third = (lines.readline() for _ in range(3))

    assert len(requests) == 2
    assert '"welcome"' in first
    assert '"ok"' in second
    assert '"seq":1,' in third
