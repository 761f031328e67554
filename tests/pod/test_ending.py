"""How a pod's process ends: by request, by signal, and when its scope is gone."""

from __future__ import annotations

import signal
import sqlite3
import threading

import msgspec
import pytest

from podd_protocol.requests import Run, Shutdown
from tests.launch.pods import (
    ENDLESS,
    OUTLIVES,
    SLOW,
    WRITE,
    Watched,
    entries,
    held,
    kill,
    kinds,
    started,
    subscribed,
    until,
    write_pod,
)

pytestmark = [pytest.mark.processes, pytest.mark.filterwarnings(OUTLIVES)]


def _drained(connection):
    return [heard.event for heard in connection.events(timeout_seconds=15)]


def _names(events):
    return [event.__struct_config__.tag for event in events]


def _session_file(places, pod):
    path = places.session(pod.session) / "session.json"
    return msgspec.json.decode(path.read_bytes())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains(places, tmp_path, number):
    pod = started(places, write_pod(tmp_path, SLOW))
    process = Watched(pod.pid)
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="work"))
        until(connection, "text_delta")
        process.send(number)
        events = _drained(connection)

    assert process.wait() == 0
    (ended,) = (e for e in events if e.__struct_config__.tag == "turn_ended")
    assert ended.text == "slowly now"
    assert _names(events)[-1] == "stopping"
    (asked,) = (e for e in entries(places, pod.session) if hasattr(e, "mode"))
    assert (asked.mode, asked.by) == ("drain", "signal")


def test_a_second_signal_ends_it_now_and_the_turn_stays_open(places, tmp_path):
    pod = started(places, write_pod(tmp_path, ENDLESS))
    process = Watched(pod.pid)
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="work"))
        until(connection, "text_delta")
        process.send(signal.SIGTERM)
        until(connection, "state_changed")
        process.send(signal.SIGTERM)
        events = _drained(connection)

    assert process.wait() == 0
    assert "turn_ended" not in _names(events)
    written = entries(places, pod.session)
    assert [entry.mode for entry in written if hasattr(entry, "mode")] == [
        "drain",
        "now",
    ]
    assert written[-1].open_turn == "t1"


def test_a_signal_is_heard_where_the_starter_had_it_blocked(places, tmp_path):
    file = write_pod(tmp_path)
    pods = []

    def begin():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        pods.append(started(places, file))

    # A thread, so that the mask goes away with it.
    thread = threading.Thread(target=begin)
    thread.start()
    thread.join(30)
    process = Watched(pods[0].pid)

    process.send(signal.SIGTERM)

    assert process.wait() == 0


def test_after_the_end_nothing_is_left_but_the_session(places, tmp_path):
    pod = started(places, write_pod(tmp_path, 'text = "done"'))
    process = Watched(pod.pid)
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="work"))
        until(connection, "turn_ended")
        connection.ask(Shutdown(id=0))

    assert process.wait() == 0
    assert held(places) == []
    assert list(places.pods.iterdir()) == []
    assert list(places.life_directory.iterdir()) == []
    assert not (places.session(pod.session) / "journal.reserve").exists()
    assert kinds(places, pod.session)[-1] == "session_closed"
    written = _session_file(places, pod)
    assert (written["state"], written["turns"]) == ("closed", 1)
    assert (written["pod"], written["session"]) == ("demo", pod.session)
    last = entries(places, pod.session)[-1]
    assert written["n"] == last.n


def test_the_status_file_says_what_the_pod_is(places, tmp_path):
    pod = started(places, write_pod(tmp_path, ENDLESS))
    ready = msgspec.json.decode(places.status_file("demo").read_bytes())
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="work"))
        connection.ask(Run(id=0, input="more"))
        until(connection, "text_delta")
        status = msgspec.json.decode(places.status_file("demo").read_bytes())

    assert ready["schema_version"] == 1
    assert (ready["name"], ready["pid"]) == ("demo", pod.pid)
    assert (ready["session"], ready["socket"]) == (pod.session, pod.socket)
    assert ready["turn"] is None
    assert (status["state"], status["turn"], status["step"]) == ("running", "t1", 1)
    assert status["queue"] == 1
    assert places.status_file("demo").stat().st_mode & 0o777 == 0o600


def test_session_json_follows_each_turn(places, tmp_path):
    pod = started(places, write_pod(tmp_path, 'text = "x"\nrepeat = "forever"'))
    process = Watched(pod.pid)
    with subscribed(pod) as connection:
        for _ in range(2):
            connection.ask(Run(id=0, input="work"))
            until(connection, "turn_ended")
        connection.ask(Shutdown(id=0, mode="now"))
    process.wait()
    path = places.session(pod.session) / "session.json"

    assert _session_file(places, pod)["turns"] == 2
    assert path.stat().st_mode & 0o777 == 0o600


def _delete_row(places):
    with sqlite3.connect(places.table_file) as table:
        (name,) = table.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'alloc%'"
        ).fetchone()
        table.execute(f"DELETE FROM {name}")  # noqa: S608  # a name of our own
    table.close()


def _remove_table(places):
    for path in places.runtime.glob("scopes.*"):
        path.unlink()


@pytest.mark.parametrize("lose", [_delete_row, _remove_table])
def test_a_lost_lease_is_told_and_nothing_is_written_any_more(places, tmp_path, lose):
    pod = started(places, write_pod(tmp_path, WRITE, 'text = "done"'))
    with subscribed(pod) as connection:
        until(connection, "surface_changed")
        lose(places)

        connection.ask(Run(id=0, input="work"))
        events = until(connection, "turn_ended")
        if "alert" not in _names(events):
            events += until(connection, "alert")

    (result,) = (e for e in events if e.__struct_config__.tag == "tool_result")
    (alert,) = (e for e in events if e.__struct_config__.tag == "alert")
    assert result.status in {"denied", "error"}
    assert (alert.level, alert.source, alert.code) == ("error", "scope", "lease_lost")
    assert not (tmp_path / "work" / "made.txt").exists()
    kill(pod)
