"""Promise 2: `kill -9` at any instant, then restore: the same pending work."""

from __future__ import annotations

import pytest

from podd.journal.session_directory import SessionDirectory
from podd.journal.verification import verify
from podd.sandbox.probe import probe
from podd.testing.crash_points import CRASH_POD, VARIABLE
from podd_protocol.requests import Cancel, Notify, Pause, Resume, Run, Status
from tests.launch.pods import (
    ENDLESS,
    OUTLIVES,
    SLOW,
    WRITE,
    Watched,
    entries,
    kill,
    kinds,
    resumed,
    started,
    subscribed,
    until,
    write_pod,
)

pytestmark = [pytest.mark.processes, pytest.mark.filterwarnings(OUTLIVES)]


def _named(events, name):
    return [event for event in events if event.__struct_config__.tag == name]


def test_a_pod_that_awaited_its_model_asks_again(places, tmp_path):
    pod = started(places, write_pod(tmp_path, SLOW))
    with subscribed(pod) as connection:
        accepted = connection.ask(Run(id=0, input="work"))
        seen = until(connection, "text_delta")
        kill(pod)

    with subscribed(resumed(places, pod.session)) as connection:
        events = until(connection, "turn_ended")

    assert events[-1].turn == accepted.turn
    assert events[-1].text == "slowly now"
    steps = [(e.step, e.attempt) for e in _named(events, "step_started")]
    assert steps == [(1, 1), (1, 2)]
    # Above every number it ever sent, and not a number untold.
    assert _named(events, "text_delta")[0].seq > max(event.seq for event in seen)
    at = 0
    for event in events:
        tag = event.__struct_config__.tag
        assert (event.from_ if tag == "lagged" else event.seq) == at + 1
        at = event.seq


def test_a_call_that_had_started_is_not_run_again(places, tmp_path):
    pod = started(places, write_pod(tmp_path, WRITE, 'text = "done"'))
    # The first call loads the tools, which leaves time to kill it.
    for attempt in range(5):
        with subscribed(pod) as connection:
            connection.ask(Run(id=0, input="work"))
            until(connection, "tool_started")
            kill(pod)
        if kinds(places, pod.session)[-1] == "tool_started":
            break
        pod = started(
            places, write_pod(tmp_path, WRITE, 'text = "done"'), name=f"p{attempt}"
        )
    written = (tmp_path / "work" / "made.txt").exists()

    with subscribed(resumed(places, pod.session, name="again")) as connection:
        events = until(connection, "turn_ended")

    (result,) = _named(events, "tool_result")
    assert (result.status, events[-1].text) == ("unknown", "done")
    assert (tmp_path / "work" / "made.txt").exists() == written
    assert kinds(places, pod.session).count("tool_started") == 1


def test_a_paused_turn_stays_paused_until_it_is_resumed(places, tmp_path):
    pod = started(places, write_pod(tmp_path, SLOW))
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="work"))
        until(connection, "text_delta")
        connection.ask(Pause(id=0, reason="lunch"))
    kill(pod)

    again = resumed(places, pod.session)

    with subscribed(again) as connection:
        status = connection.ask(Status(id=0))
        assert (status.state, status.turn, status.step) == ("paused", "t1", 1)
        connection.ask(Resume(id=0))
        assert until(connection, "turn_ended")[-1].text == "slowly now"


def test_inputs_that_waited_are_taken_up_in_their_order(places, tmp_path):
    endless = f'match = "endless"\n{ENDLESS}'
    steps = (endless, 'text = "one"\nmatch = "first"', 'text = "two"\nmatch = "second"')
    pod = started(places, write_pod(tmp_path, *steps))
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="endless"))
        until(connection, "text_delta")
        positions = [
            connection.ask(Run(id=0, input=text)).position
            for text in ("first", "second")
        ]
        connection.ask(Notify(id=0, message="by the way", wake=False))
        kill(pod)
    assert positions == [1, 2]

    again = resumed(places, pod.session)

    with subscribed(again) as connection:
        status = connection.ask(Status(id=0))
        assert [turn.text for turn in status.queue] == ["first", "second"]
        assert status.turn == "t1"
        connection.ask(Cancel(id=0))
        ends = [until(connection, "turn_ended")[-1] for _ in range(3)]
    assert [end.turn for end in ends] == ["t1", "t2", "t3"]
    accepted = [e.text for e in entries(places, pod.session) if hasattr(e, "delivery")]
    assert accepted == ["endless", "first", "second"]


def test_an_idle_pod_knows_what_was_said(places, tmp_path):
    script = ('text = "one"', 'text = "two"')
    pod = started(places, write_pod(tmp_path, *script))
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="first"))
        until(connection, "turn_ended")
    before = entries(places, pod.session)
    kill(pod)

    again = resumed(places, pod.session)

    assert again.session == pod.session
    with subscribed(again) as connection:
        until(connection, "turn_ended")
        connection.ask(Run(id=0, input="second"))
        assert until(connection, "turn_ended")[-1].text == "two"
    after = entries(places, pod.session)
    assert after[: len(before)] == before
    assert kinds(places, pod.session).count("surface_set") == 1
    assert verify(SessionDirectory(places.session(pod.session))) is not None


def test_a_torn_end_of_the_journal_is_mended_and_told(places, tmp_path):
    pod = started(places, write_pod(tmp_path, 'text = "one"'))
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="first"))
        until(connection, "turn_ended")
    kill(pod)
    journal = places.session(pod.session) / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"kind":"turn_st')

    with subscribed(resumed(places, pod.session)) as connection:
        alert = until(connection, "alert")[-1]

    assert (alert.level, alert.source, alert.code) == (
        "warning",
        "journal",
        "journal_mended",
    )
    beside = [
        path.read_bytes()
        for path in journal.parent.iterdir()
        if path.is_file() and path != journal
    ]
    assert b'{"kind":"turn_st' in beside
    assert journal.read_bytes().startswith(whole)


def test_a_whole_end_is_not_worth_an_alert(places, tmp_path):
    pod = started(places, write_pod(tmp_path, 'text = "one"'))
    kill(pod)

    with subscribed(resumed(places, pod.session)) as connection:
        connection.ask(Run(id=0, input="first"))
        events = until(connection, "turn_ended")

    assert _named(events, "alert") == []


#: Prints and writes, then hangs; nothing but a kill ends it in time.
HALF = (
    'text = ""\n[[step.call]]\ntool = "bash"\n'
    "arguments = { command = 'echo x > half; echo so far; sleep 600' }"
)


@pytest.mark.skipif(probe().means is None, reason="no command is confined here")
def test_of_a_lost_command_its_output_and_the_files_it_changed_are_told(
    places, tmp_path
):
    pod = started(places, write_pod(tmp_path, HALF, 'text = "done"'))
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="work"))
        until(connection, "tool_output_delta")
        kill(pod)

    with subscribed(resumed(places, pod.session)) as connection:
        events = until(connection, "turn_ended")

    (result,) = _named(events, "tool_result")
    assert (result.status, result.output) == ("unknown", "so far\n")
    assert "7 bytes" in result.summary
    assert " half" in result.summary
    assert events[-1].text == "done"


def test_of_a_lost_write_it_is_told_whether_the_file_is_as_it_was_to_be(
    places, tmp_path, monkeypatch
):
    # The tenth entry would say that the file has changed: it has, by then.
    with monkeypatch.context() as patch:
        patch.setenv(VARIABLE, "write.before:10")
        file = write_pod(tmp_path, WRITE, 'text = "done"')
        pod = started(places, file, module=CRASH_POD)
    process = Watched(pod.pid)
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="work"))
        process.wait()
    assert kinds(places, pod.session)[-1] == "tool_started"

    with subscribed(resumed(places, pod.session)) as connection:
        events = until(connection, "turn_ended")

    (result,) = _named(events, "tool_result")
    assert result.status == "unknown"
    assert "the file is now as it was to be" in result.summary
    assert "made.txt" in result.summary
    assert (tmp_path / "work" / "made.txt").read_text(encoding="utf-8") == "x"
