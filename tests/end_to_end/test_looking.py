"""Looking at pods and sessions: what all ways of looking show is the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.raw_client import LIVE, raw_client
from tests.end_to_end.shell import ENDLESS, Shell, kill

pytestmark = pytest.mark.end_to_end

WRITE = (
    'text = "I write."\n[[step.call]]\ntool = "write_file"\n'
    'arguments = { path = "note.txt", content = "otter\\n" }'
)


def _worked(shell: Shell) -> dict[str, str]:
    """A live pod that has written a file and said so."""
    pod = shell.spawned(
        shell.manifest(WRITE, 'text = "written"', 'text = "more"'), "hi"
    )
    assert shell("wait", "demo").code == 0
    return pod


def _journal(shell: Shell, session: str) -> Path:
    return shell.places.session(session) / "journal.jsonl"


def test_two_clients_from_0_at_different_times_see_the_same_durable_events(
    shell: Shell,
) -> None:
    pod = shell.spawned(shell.manifest(WRITE, 'text = "written"', 'text = "more"'))

    with raw_client(pod["socket"], after=0) as early:
        shell("run", "demo", "hi")
        shell("run", "demo", "again")
        early.until("turn_ended", text="more")
        with raw_client(pod["socket"], after=0) as late:
            late.until("turn_ended", text="more")
        assert late.durable() == early.durable()

    numbers = [event["seq"] for event in early.heard]
    assert numbers == sorted(set(numbers))
    # Deltas may be gone by then; what is skipped is told as exactly that range.
    expected = 1
    for event in late.heard:
        first = event["from"] if event["event"] == "lagged" else event["seq"]
        assert first == expected
        expected = event["seq"] + 1


def test_podctl_events_shows_what_a_raw_client_sees(shell: Shell) -> None:
    pod = _worked(shell)
    with raw_client(pod["socket"], after=0) as client:
        client.until("turn_ended")
    with shell.typed("events", "demo", "--after", "0", "--json") as following:
        assert following.stdout is not None
        shown = []
        for line in following.stdout:
            event = json.loads(line)
            if event["event"] not in LIVE:
                shown.append(event)
            if event["event"] == "turn_ended":
                break

    assert shown == [{**event, "pod": "demo"} for event in client.durable()]


def test_history_and_diff_outlive_the_pod(shell: Shell) -> None:
    pod = _worked(shell)
    live = [shell(verb, "demo", "--json").document for verb in ("history", "diff")]
    shell("stop", "demo")
    ended = [
        shell(verb, pod["session"], "--json").document for verb in ("history", "diff")
    ]

    assert ended[1] == live[1]
    assert [file["path"] for file in ended[1]["files"]] == [
        str(shell.directory / "work/note.txt")
    ]
    assert "+otter\n" in ended[1]["files"][0]["diff"]
    words = shell("history", "demo").out
    for said in ("hi", "I write.", "written"):
        assert said in words


def test_the_log_is_kept_and_names_the_pod(shell: Shell) -> None:
    pod = _worked(shell)
    shell("stop", "demo")

    lines = [json.loads(line) for line in shell("log", "demo").out.splitlines()]

    assert {line["pod"] for line in lines} == {"demo"}
    assert lines[0]["session"] == pod["session"]
    assert lines[0]["event"] == "started"


def test_the_scope_documents_say_who_may_write_where(shell: Shell) -> None:
    pod = shell.spawned(shell.manifest(ENDLESS), "hi")
    work = shell.directory / "work"

    held = shell("scope", "list", "--json").document["allocations"]
    inside = shell("scope", "check", "deep/er", "--json", cwd=work).document
    outside = shell("scope", "check", str(shell.directory), "--json")

    assert [(one["pod"], one["pid"]) for one in held] == [("demo", pod["pid"])]
    assert held[0]["rules"] == [
        {"path": str(work), "access": access, "recursive": True}
        for access in ("read", "write")
    ]
    assert (held[0]["parent"], held[0]["lent"]) == (None, [])
    assert inside["path"] == str(work / "deep/er")
    writer = inside["writer"]
    assert (writer["pod"], writer["since"]) == ("demo", held[0]["since"])
    assert writer["lent_by"] is None
    assert writer["doing"]
    assert (outside.code, outside.document["writer"]) == (0, None)


def test_list_has_the_fields_that_scripts_rely_on(shell: Shell) -> None:
    pod = _worked(shell)

    (row,) = shell.pods()
    shell("stop", "demo")

    assert set(row) >= {
        *("name", "state", "socket", "pid", "session", "model", "workdir"),
        *("parent", "scope", "turn", "usage", "started_at"),
    }
    assert (row["name"], row["pid"], row["state"]) == ("demo", pod["pid"], "idle")
    assert set(row["scope"]) >= {"read", "write", "lent"}
    assert shell.pods() == []
    assert len(shell("list", "--all", "--json").document["pods"]) == 1


def test_a_live_session_verifies_and_an_ended_one_too(shell: Shell) -> None:
    pod = shell.spawned(shell.manifest(ENDLESS), "hi")
    with raw_client(pod["socket"], after=0) as client:
        client.until("text_delta")

    live = shell("session", "verify", "demo", "--json")
    kill(pod["pid"])
    dead = shell("session", "verify", "demo", "--json")

    for said in (live, dead):
        assert said.code == 0
        assert said.document["sessions"][0]["session"] == pod["session"]


def test_a_changed_letter_is_found_with_its_file_and_line(shell: Shell) -> None:
    pod = _worked(shell)
    shell("stop", "demo")
    journal = _journal(shell, pod["session"])
    lines = journal.read_bytes().split(b"\n")
    number = next(i for i, line in enumerate(lines, 1) if b"I write." in line)
    journal.write_bytes(journal.read_bytes().replace(b"I write.", b"I wrote."))

    said = shell("session", "verify", "demo", "--json")
    resumed = shell("resume", "demo", "--json")

    assert (said.code, said.error["code"]) == (1, "journal_damaged")
    assert said.error["data"]["path"] == str(journal)
    assert said.error["data"]["line"] == number
    assert (resumed.code, resumed.error["code"]) == (1, "journal_damaged")
    assert shell.is_clean()


def test_a_torn_last_line_is_told_and_set_aside(shell: Shell) -> None:
    pod = _worked(shell)
    kill(pod["pid"])  # type: ignore[arg-type]  # a number
    journal = _journal(shell, pod["session"])
    with journal.open("ab") as file:
        file.write(b'{"kind":"input_accep')

    verified = shell("session", "verify", "demo", "--json")
    resumed = shell("resume", "demo")

    assert verified.code == 0
    assert verified.document["sessions"][0]["excess_bytes"] == 20
    assert resumed.code == 0
    assert shell("run", "demo", "go on").out == "more\n"
    assert b'{"kind":"input_accep\n' not in journal.read_bytes()
    assert any(b"input_accep" in p.read_bytes() for p in _beside(journal))


def _beside(journal: Path) -> list[Path]:
    return [p for p in journal.parent.iterdir() if p.is_file() and p != journal]


def test_lost_entries_are_found_against_the_session_file(shell: Shell) -> None:
    pod = _worked(shell)
    shell("stop", "demo")
    journal = _journal(shell, pod["session"])
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-2]))

    said = shell("session", "verify", "demo", "--json")

    assert (said.code, said.error["code"]) == (1, "journal_damaged")
    assert said.error["data"]["damage"] == "entries_missing"
    assert said.error["data"]["missing"] == 2


def test_a_journal_of_a_newer_format_is_refused_by_name(shell: Shell) -> None:
    pod = _worked(shell)
    shell("stop", "demo")
    journal = _journal(shell, pod["session"])
    first, _, rest = journal.read_bytes().partition(b"\n")
    assert b'"format":1,' in first
    journal.write_bytes(first.replace(b'"format":1,', b'"format":99,') + b"\n" + rest)

    said = shell("session", "verify", "demo", "--json")
    resumed = shell("resume", pod["session"], "--json")

    assert {said.code, resumed.code} == {1}
    assert said.error["code"] == resumed.error["code"] == "newer_format"
    assert shell.is_clean()
