"""`podctl session fork`, `export` and `prune`."""

from __future__ import annotations

import json
import os
import time

import msgspec
import pytest

from podd.cli.exporting.markdown import SHOWN_LINES, fenced
from podd.core.session import entries as e
from podd.journal.opening import open_journal
from podd.journal.sessions import Sessions
from podd.journal.verification import verify
from tests.cli.command_line import podctl
from tests.cli.session_written import TURN, session_written
from tests.client.fake_pod import SESSION, fake_pod
from tests.core.session import golden_branches, golden_children

DAY = 86_400


def _records(text):
    return [json.loads(line) for line in text.splitlines()]


def _story(universe, story=golden_children):
    return session_written(universe, "p", *story.story()[1:], closed=False)


# fork


def test_a_fork_says_its_session_and_how_to_go_on(capsys, universe):
    original = session_written(universe, "demo", *TURN)

    said = podctl(capsys, "session", "fork", "demo")

    made = Sessions(universe.sessions).named(said.out.strip())
    assert verify(made).last_n == 7
    assert made.origin == original.session
    assert f"podctl resume {made.session}" in said.err
    listed = podctl(capsys, "session", "list", "--json").document["sessions"]
    assert [(row["state"], row["turns"]) for row in listed] == [("ended", 1)] * 2


def test_with_json_a_fork_is_a_document(capsys, universe):
    original = session_written(universe, "demo", *TURN)

    document = podctl(capsys, "session", "fork", "demo", "--at", "2", "--json").document

    assert document["forked_from"] == {"session": original.session, "n": 2}
    assert Sessions(universe.sessions).named(document["session"]).journal.exists()


@pytest.mark.parametrize("at", ["0", "4", "99"])
def test_a_point_inside_a_step_or_not_there_is_a_usage_error(capsys, universe, at):
    entries = (*TURN[:2], _asked(), *TURN[2:])
    session_written(universe, "demo", *entries)

    said = podctl(capsys, "session", "fork", "demo", "--at", at, "--json")

    error = said.document["error"]
    assert (said.code, error["code"]) == (2, "bad_fork_point")
    assert error["remedy"].startswith("fork at entry")
    assert len(list(universe.sessions.iterdir())) == 1


def _asked():
    return e.StepStarted(turn="t1", step=1, attempt=1, model="m", request="r")


def test_a_turn_that_a_fork_closed_is_shown_as_cancelled(capsys, universe):
    session_written(universe, "demo", *TURN[:2], closed=False)
    made = podctl(capsys, "session", "fork", "demo").out.strip()

    (turn,) = podctl(capsys, "session", "show", made, "--json").document["turns"]

    assert turn["outcome"]["kind"] == "cancelled"
    assert "forked from session" in podctl(capsys, "history", made).out


# export


def test_records_are_the_conversation_in_its_order(capsys, universe):
    directory = session_written(universe, "demo", *TURN)

    said = podctl(capsys, "session", "export", "demo")

    found = _records(said.out)
    assert [one["type"] for one in found] == ["session", "input", "model", "turn_ended"]
    assert all(one["schema_version"] == 1 for one in found)
    assert found[0]["session"] == directory.session
    assert (found[1]["text"], found[1]["turn"]) == ("Hello", "t1")
    assert (found[2]["text"], found[2]["usage"]["output_tokens"]) == ("Good day.", 5)


@pytest.mark.parametrize("story", [golden_children, golden_branches])
def test_every_call_has_its_result_and_every_cause_its_place(capsys, universe, story):
    directory = _story(universe, story)

    found = _records(podctl(capsys, "session", "export", directory.session).out)

    calls = [c["call"] for one in found for c in one.get("calls", ())]
    results = [one["call"] for one in found if one["type"] == "tool_result"]
    assert set(results) <= set(calls)
    assert len(results) == len(set(results))
    causes = [one["cause"] for one in found if one["type"] == "input"]
    assert len(causes) == len(set(causes))


def test_a_rewind_and_a_fork_are_records(capsys, universe):
    directory = _story(universe, golden_branches)

    found = _records(podctl(capsys, "session", "export", directory.session).out)

    kinds = [one["type"] for one in found]
    (rewound,) = [one for one in found if one["type"] == "rewound"]
    assert (rewound["to"], rewound["files_changed_since"]) == ("t1", ["/w/a"])
    assert kinds[kinds.index("forked") - 1] == "turn_ended"


def test_the_journal_itself_is_its_own_bytes(capsys, universe):
    directory = session_written(universe, "demo", *TURN)

    said = podctl(capsys, "session", "export", "demo", "--format", "journal")

    assert said.out.encode() == directory.journal.read_bytes()


def test_a_transcript_has_turns_calls_and_results(capsys, universe):
    directory = _story(universe)

    said = podctl(
        capsys, "session", "export", directory.session, "--format", "markdown"
    )

    assert said.out.startswith(f"# Session {directory.session}\n")
    assert said.out.count("\n## Turn t1\n") == 1
    assert "> work\n" in said.out
    assert "Call `t1.2.2`: `bash`" in said.out
    assert "Result of `t1.2.3`: denied" in said.out


def test_a_fence_is_longer_than_any_run_of_backticks_inside():
    assert fenced("a") == "```\na\n```"
    assert fenced("x ```` y", "json") == "`````json\nx ```` y\n`````"


def test_a_long_result_is_cut_in_a_transcript_and_says_so(capsys, universe):
    output = "\n".join(f"line {number} ```" for number in range(500))
    result = e.ToolResulted(
        turn="t1",
        step=1,
        call="t1.1.1",
        name="bash",
        status="ok",
        summary="ran",
        output=output,
        spilled_to="/outputs/1",
    )
    session_written(universe, "demo", *TURN[:3], result, TURN[3])

    said = podctl(capsys, "session", "export", "demo", "--format", "markdown").out

    assert f"line {SHOWN_LINES}" not in said
    assert "more characters\n````" in said
    assert "The whole output: `/outputs/1`" in said


def test_a_file_is_there_when_the_export_is_whole(capsys, universe, tmp_path):
    directory = session_written(universe, "demo", *TURN)
    path = tmp_path / "talk.jsonl"

    said = podctl(capsys, "session", "export", "demo", "-o", str(path), "--json")

    assert said.document["entries"] == 6
    assert len(_records(path.read_text(encoding="utf-8"))) == 4
    content = directory.journal.read_bytes()
    directory.journal.write_bytes(content.replace(b"Good", b"Goof", 1))
    path.write_text("before", encoding="utf-8")

    said = podctl(capsys, "session", "export", "demo", "-o", str(path), "--json")

    assert (said.code, said.document["error"]["code"]) == (1, "journal_damaged")
    assert said.document["error"]["data"]["line"] == 4
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.glob(".talk*")) == []


def test_what_stdout_got_before_the_damage_is_sound(capsys, universe):
    directory = session_written(universe, "demo", *TURN)
    lines = directory.journal.read_bytes().splitlines(keepends=True)
    directory.journal.write_bytes(b"".join(lines[:-2]))

    said = podctl(capsys, "session", "export", "demo", "--json")

    assert said.code == 1
    *found, error = _records(said.out)
    assert [one["type"] for one in found] == ["session", "input", "model"]
    assert error["error"]["data"]["missing"] == 2


def test_a_transcript_is_no_json(capsys, universe):
    session_written(universe, "demo", *TURN)

    said = podctl(capsys, "session", "export", "demo", "--format", "markdown", "--json")

    assert (said.code, said.document["error"]["code"]) == (2, "usage")


def test_a_file_in_no_directory_is_no_such_file(capsys, universe, tmp_path):
    session_written(universe, "demo", *TURN)

    said = podctl(
        capsys, "session", "export", "demo", "-o", str(tmp_path / "no" / "x"), "--json"
    )

    assert (said.code, said.document["error"]["code"]) == (3, "no_such_file")


# prune


def _aged(directory, days):
    then = time.time_ns() / 1e9 - days * DAY
    os.utime(directory.journal, (then, then))
    return directory


@pytest.fixture
def three(universe):
    """Of one pod, the newest first."""
    return [
        _aged(
            session_written(
                universe, "demo", *TURN, milliseconds=1_700_000_000_000 + n
            ),
            10 * (3 - n),
        )
        for n in (3, 2, 1)
    ]


def _left(universe):
    return {path.name for path in universe.sessions.iterdir()}


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        (("--older-than", "5"), {1, 2}),
        (("--older-than", "15"), {2}),
        (("--keep", "1"), {1, 2}),
        (("--keep", "1", "--older-than", "15"), {2}),
        (("--keep", "0"), {0, 1, 2}),
        (("--keep", "9"), set()),
    ],
)
def test_what_meets_all_criteria_goes(capsys, universe, three, words, gone):
    told = podctl(capsys, "session", "prune", *words, "--dry-run", "--json").document
    assert _left(universe) == {one.session for one in three}

    document = podctl(capsys, "session", "prune", *words, "--json").document

    expected = {three[number].session for number in gone}
    assert {one["session"] for one in document["removed"]} == expected
    assert document["size_bytes"] == sum(
        one["size_bytes"] for one in document["removed"]
    )
    assert document["removed"] == told["removed"]
    assert (told["dry_run"], document["dry_run"]) == (True, False)
    assert _left(universe) == {one.session for one in three} - expected


def test_a_session_that_is_named_goes(capsys, universe, three):
    said = podctl(capsys, "session", "prune", three[1].session)

    assert said.code == 0
    assert three[1].session in said.out
    assert _left(universe) == {three[0].session, three[2].session}


@pytest.mark.parametrize("words", [(), ("last", "--keep", "1")])
def test_names_or_a_criterion_must_be_given(capsys, universe, three, words):
    said = podctl(capsys, "session", "prune", *words, "--json")

    assert (said.code, said.document["error"]["code"]) == (2, "usage")
    assert len(_left(universe)) == len(three)


def test_a_held_session_stays(capsys, universe, three):
    journal, _ = open_journal(three[2], lambda _entry: None)
    try:
        named = podctl(capsys, "session", "prune", three[2].session, "--json")
        found = podctl(capsys, "session", "prune", "--keep", "0", "--json")
    finally:
        journal.close()

    assert (named.code, named.document["error"]["code"]) == (4, "session_held")
    assert found.code == 0
    assert [(one["session"], one["reason"]) for one in found.document["skipped"]] == [
        (three[2].session, "held")
    ]
    assert _left(universe) == {three[2].session}


def test_what_a_live_pod_has_to_do_with_stays(capsys, universe, three):
    three[0].path.rename(universe.sessions / SESSION)

    with fake_pod(universe.socket("demo")):
        found = podctl(capsys, "session", "prune", "--keep", "0", "--json").document

    assert [(one["session"], one["reason"]) for one in found["skipped"]] == [
        (SESSION, "family")
    ]
    assert _left(universe) == {SESSION}


def test_a_fork_outlives_the_session_it_came_from(capsys, universe):
    original = session_written(
        universe, "demo", msgspec.structs.replace(TURN[0], text="x" * 70_000), *TURN[1:]
    )
    made = podctl(capsys, "session", "fork", "demo").out.strip()

    podctl(capsys, "session", "prune", original.session)

    said = podctl(capsys, "session", "verify", made)
    assert (said.code, _left(universe)) == (0, {made})
