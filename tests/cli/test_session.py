from __future__ import annotations

import pytest

from podd.core.session import entries as e
from tests.cli.command_line import podctl
from tests.cli.session_written import AT, TURN, session_written
from tests.client.fake_pod import SESSION, fake_pod


def test_the_list_is_newest_first_with_exactly_these_fields(capsys, universe):
    old = session_written(universe, "old", *TURN, milliseconds=1_700_000_000_000)
    new = session_written(universe, "new", *TURN, *TURN, closed=False)

    rows = podctl(capsys, "session", "list", "--json").document["sessions"]

    assert [row["session"] for row in rows] == [new.session, old.session]
    assert rows[0].keys() == {
        *("session", "pod", "state", "turns", "began", "changed", "size_bytes")
    }
    assert [row["state"] for row in rows] == ["crashed", "ended"]
    assert [row["turns"] for row in rows] == [2, 1]
    assert rows[0]["began"] == AT
    assert rows[0]["size_bytes"] >= new.journal.stat().st_size


def test_a_session_that_was_taken_up_again_and_crashed_has_crashed(capsys, universe):
    """session.json still says what the process before it wrote."""
    directory = session_written(
        universe,
        "demo",
        *TURN,
        e.SessionClosed(),
        e.PodStarted(pid=1, state="idle", podd="0.1.0"),
        closed=False,
    )
    assert directory.session_file.exists()

    (row,) = podctl(capsys, "session", "list", "--json").document["sessions"]

    assert row["state"] == "crashed"


def test_a_live_session_has_the_state_of_its_pod(capsys, universe):
    directory = session_written(universe, "demo", *TURN, closed=False)
    directory.path.rename(universe.sessions / SESSION)

    with fake_pod(universe.socket("demo")):
        (row,) = podctl(capsys, "session", "list", "--json").document["sessions"]

    assert (row["session"], row["state"]) == (SESSION, "idle")


def test_people_get_a_table(capsys, universe):
    session_written(universe, "demo", *TURN)

    said = podctl(capsys, "session", "list")

    assert [line.split()[1] for line in said.out.splitlines()] == ["POD", "demo"]


def test_without_sessions_it_says_so(capsys, universe):
    said = podctl(capsys, "session", "list")

    assert (said.code, said.out) == (0, "")
    assert said.err


def test_show_tells_what_its_turns_came_to(capsys, universe):
    later = e.InputAccepted(turn="t2", cause="c2", origin="user", text="And\nnow?")
    steer = e.InputAccepted(
        turn="t1", cause="c3", origin="user", text="Wait", delivery="steer"
    )
    directory = session_written(universe, "demo", *TURN[:2], steer, *TURN[2:], later)

    document = podctl(capsys, "session", "show", "--json").document

    assert document["session"]["session"] == directory.session
    assert document["session"]["model"] == "scripted/demo"
    assert document["session"]["usage"]["output_tokens"] == 5
    first, second = document["turns"]
    assert (first["input"], first["outcome"]) == ("Hello", {"kind": "completed"})
    assert (second["input"], second["outcome"]) == ("And\nnow?", None)
    said = podctl(capsys, "session", "show", "last")
    assert "t1: Hello" in said.out
    assert "t2: And …" in said.out


def test_a_sound_session_verifies(capsys, universe):
    directory = session_written(universe, "demo", *TURN)

    said = podctl(capsys, "session", "verify", "demo")
    assert (said.code, said.out) == (0, f"{directory.session} ok: 6 entries\n")

    (row,) = podctl(capsys, "session", "verify", "last", "--json").document["sessions"]
    assert row.keys() == {
        *("session", "pod", "entries", "digest", "skipped", "tail", "excess_bytes")
    }
    assert (row["entries"], row["tail"]) == (6, "whole")


def test_a_live_session_is_verified_up_to_its_last_whole_line(capsys, universe):
    directory = session_written(universe, "demo", *TURN, closed=False)
    with directory.journal.open("ab") as journal:
        journal.write(b'{"kind":"turn_')

    said = podctl(capsys, "session", "verify", "demo", "--json")

    assert said.code == 0
    (row,) = said.document["sessions"]
    assert (row["entries"], row["tail"], row["excess_bytes"]) == (5, "torn", 14)


@pytest.mark.parametrize("cut", ["changed", "lost"])
def test_damage_is_an_error_that_does_not_hide_the_others(capsys, universe, cut):
    bad = session_written(universe, "bad", *TURN, milliseconds=1_700_000_000_000)
    session_written(universe, "good", *TURN)
    content = bad.journal.read_bytes()
    if cut == "changed":
        bad.journal.write_bytes(content.replace(b"Hello", b"Hallo", 1))
    else:
        lines = content.splitlines(keepends=True)
        bad.journal.write_bytes(b"".join(lines[:-2]))

    said = podctl(capsys, "session", "verify", "bad", "good")
    assert said.code == 1
    assert "ok: 6 entries" in said.out

    error = podctl(capsys, "session", "verify", "bad", "--json").document["error"]
    assert error["code"] == "journal_damaged"
    assert error["data"]["line"] == (2 if cut == "changed" else 5)


def test_what_is_not_there_is_no_such_session(capsys, universe):
    for verb in ("show", "verify"):
        said = podctl(capsys, "session", verb, "nobody", "--json")

        assert (said.code, said.document["error"]["code"]) == (3, "no_such_session")
