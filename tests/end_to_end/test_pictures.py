"""A picture and a document on their way from a file to a model, and out again."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.end_to_end.raw_client import raw_client
from tests.end_to_end.shell import Shell, kill

pytestmark = pytest.mark.end_to_end

#: More than is kept inside a journal.
PNG = b"\x89PNG\r\n\x1a\n".ljust(100_000, b"\x07")
PDF = b"%PDF-1.7\n" + bytes(40)
DATA = base64.b64encode(PNG).decode()
SEEN = "[image leaf.png, image/png, 98 KiB]"

ANSWERS = (
    "text = 'thirst'\nmatch = '\\[image image/png 100000 bytes leaf.png\\]'",
    "text = 'in March'\nmatch = '\\[document application/pdf 49 bytes almanac.pdf'",
    "text = 'I see nothing.'\nrepeat = 'forever'",
)


@pytest.fixture
def leaf(shell: Shell) -> Path:
    file = shell.directory / "leaf.png"
    file.write_bytes(PNG)
    return file


@pytest.fixture
def almanac(shell: Shell) -> Path:
    file = shell.directory / "almanac.pdf"
    file.write_bytes(PDF)
    return file


def test_the_model_sees_what_is_attached(
    shell: Shell, leaf: Path, almanac: Path
) -> None:
    manifest = shell.manifest(*ANSWERS)

    first = shell("spawn", manifest, "What ails it?", "--attach", leaf)
    second = shell("run", "demo", "When to sow?", "--attach", almanac)
    third = shell("run", "demo", "And now?")

    texts = [said.out for said in (first, second, third)]
    assert texts == ["thirst\n", "in March\n", "I see nothing.\n"]


def test_it_is_seen_by_people_and_its_content_is_not(shell: Shell, leaf: Path) -> None:
    pod = shell.spawned(shell.manifest(*ANSWERS))
    with raw_client(pod["socket"], after=0) as client:
        shell("run", "demo", "What ails it?", "--attach", leaf)
        event = client.until("input_accepted")
        assert event["media"] == [
            {
                "type": "image",
                "media_type": "image/png",
                "bytes": len(PNG),
                "name": "leaf.png",
                "url": "",
            }
        ]
    session = pod["session"]

    history = shell("history", "demo").out
    markdown = shell("session", "export", session, "--format", "markdown").out
    records = shell("session", "export", session, "--format", "jsonl").out

    assert SEEN in history
    assert SEEN in markdown
    assert event["media"] in [json.loads(x).get("media") for x in records.splitlines()]
    for text in (history, markdown, records):
        assert DATA[:64] not in text


def test_a_killed_pod_shows_the_model_the_same_again(shell: Shell, leaf: Path) -> None:
    pod = shell.spawned(shell.manifest("text = 'one'", *ANSWERS))
    shell("run", "demo", "What ails it?", "--attach", leaf)
    kill(pod["pid"])

    assert shell("resume", "demo").code == 0
    entries = shell("history", "demo", "--json").document["entries"]
    kept = [entry["parts"] for entry in entries if "parts" in entry]
    assert [part["type"] for part in kept[0]] == ["image", "text"]
    assert kept[0][0]["data"] == DATA
    assert shell("session", "verify", pod["session"]).code == 0
    assert shell("run", "demo", "And now?").out == "I see nothing.\n"


def test_a_bad_part_is_told_by_its_place(shell: Shell) -> None:
    pod = shell.spawned(shell.manifest(*ANSWERS))
    good = {"type": "image", "media_type": "image/png", "data": "iVBORw0KGgo="}
    bad: list[dict[str, str]] = [
        {"type": "image", "media_type": "image/png", "data": "R0lGODlh"},
        {"type": "image", "media_type": "image/bmp", "data": "Qk0="},
        {"type": "image", "url": "file:///etc/passwd"},
        {"type": "image"},
        {"type": "film"},
        {"type": "document", "media_type": "application/pdf"},
    ]

    with raw_client(pod["socket"], after=0) as client:
        for part in bad:
            answer = client.ask("run", input=[good, part])
            assert answer["code"] == "bad_field", answer
            assert "input[1]" in answer["message"], answer
        assert client.ask("run", input=[good])["reply"] == "accepted"


@pytest.mark.parametrize(
    ("content", "code", "exit_code"),
    [(b"plain text", "usage", 2), (b"", "usage", 2), (None, "no_such", 3)],
)
def test_a_file_that_cannot_go_along_starts_nothing(
    shell: Shell, content: bytes | None, code: str, exit_code: int
) -> None:
    file = shell.directory / "x.png"
    if content is not None:
        file.write_bytes(content)

    said = shell("spawn", shell.manifest(*ANSWERS), "hi", "--attach", file, "--json")

    assert said.code == exit_code
    assert said.error["code"].startswith(code)
    assert str(file) in said.error["message"]
    assert shell.pods() == []


def test_a_file_needs_a_prompt(shell: Shell, leaf: Path) -> None:
    said = shell("spawn", shell.manifest(*ANSWERS), "--attach", leaf, "--json")

    assert (said.code, said.error["code"]) == (2, "usage")
    assert shell.pods() == []


def test_read_file_shows_a_picture_to_a_model_that_sees_them(shell: Shell) -> None:
    read = '[[step.call]]\ntool = "read_file"\narguments = { path = "leaf.png" }'
    found = "text = '{{result read_file | find image/png \\d+ bytes}}'"
    manifest = shell.manifest(read, found)
    (shell.directory / "work" / "leaf.png").write_bytes(PNG)

    seen = shell("spawn", manifest, "hi", "--set", "model.images=true", "--once")
    blind = shell("spawn", manifest, "hi", "--once", "--json")

    assert seen.out == "image/png 100000 bytes\n"
    assert blind.document["result"]["text"] == "(nothing)"
    result = next(x for x in blind.lines if x.get("event") == "tool_result")
    assert (result["status"], result["media"]) == ("error", [])
    assert "model.images" in result["summary"]
