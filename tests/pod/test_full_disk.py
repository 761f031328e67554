"""A disk that is really full: what was accepted is not lost, and work goes on later."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from podd.client.connection import PodConnection
from podd.errors import FailureReplyError
from podd.journal.reader import read_entries
from podd.journal.session_directory import SessionDirectory
from podd.journal.verification import verify
from podd.launch.start import Started
from podd_protocol.requests import Run, Shutdown, Status, Subscribe
from tests.launch.pods import Watched, until, write_pod

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
UNSHARE = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-Urm"]
DISK_BYTES = 4 * 1024 * 1024


class SmallDisk:
    """A pod on a disk of its own, and the way to that disk."""

    def __init__(self, process, places) -> None:
        self._process = process
        self.pod = self._told()
        self.state = Path(f"/proc/{process.pid}/root{places.state}")
        self._filler = self.state / "filler"

    def _told(self) -> Started:
        return msgspec.json.decode(self._process.stdout.readline(), type=Started)

    def resume(self) -> None:
        self._process.stdin.write(self.pod.session.encode() + b"\n")
        self._process.stdin.flush()
        self.pod = self._told()

    def fill(self, left: int = 0) -> None:
        """Leave so many pages (4,096 bytes)."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (65536, 4096):
                while _takes(file, b"\0" * size):
                    pass
            file.truncate(max(0, file.tell() - left * 4096))

    def make_room(self) -> None:
        self._filler.unlink()

    def entries(self):
        directory = SessionDirectory(self.state / "sessions" / self.pod.session)
        return [entry for _, entry in read_entries(directory)]


def _takes(file, data: bytes) -> bool:
    try:
        file.write(data)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
    return True


@pytest.fixture
def disk(universe, tmp_path):
    if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets us make no mount namespace")
    script = 'text = "done"\nrepeat = "forever"'
    manifest = write_pod(tmp_path, script)
    program = [sys.executable, "-m", "tests.pod.small_disk", manifest, str(DISK_BYTES)]
    with subprocess.Popen(
        [*UNSHARE, *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        disk = None
        try:
            disk = SmallDisk(process, universe)
            yield disk
        finally:
            if disk is not None:
                with contextlib.suppress(ProcessLookupError):
                    Watched(disk.pod.pid).send(9)
            process.stdin.close()
            process.kill()


def _refused(connection, length: int = 20_000) -> tuple[list[str], str]:
    """Ask for work until it is refused: the turns that were accepted, and the code."""
    turns = []
    for _ in range(100):
        try:
            turns.append(connection.ask(Run(id=0, input="x" * length)).turn)
        except FailureReplyError as error:
            return turns, error.code
    raise AssertionError("the disk is never full")


def _connected(pod: Started) -> PodConnection:
    return PodConnection.open(Path(pod.socket))


def test_a_full_disk_refuses_work_loses_nothing_and_goes_on_with_room(disk):
    with _connected(disk.pod) as watcher, _connected(disk.pod) as connection:
        watcher.ask(Subscribe(id=0, after=0))
        until(watcher, "surface_changed")
        disk.fill()

        accepted, code = _refused(connection)

        assert code == "storage"
        alert = until(watcher, "alert")[-1]
        assert (alert.level, alert.code) == ("error", "storage")
        assert connection.ask(Status(id=0)).storage == "full"

        disk.make_room()
        after = connection.ask(Run(id=0, input="again")).turn
        ended = [until(watcher, "turn_ended")[-1] for _ in (*accepted, after)]

    assert [event.turn for event in ended] == [*accepted, after]
    assert {event.text for event in ended} == {"done"}
    inputs = [e.turn for e in disk.entries() if hasattr(e, "delivery")]
    assert inputs == [*accepted, after]


def test_a_pod_on_a_full_disk_can_be_ended_and_restored(disk):
    with _connected(disk.pod) as connection:
        connection.ask(Subscribe(id=0, after=0))
        until(connection, "surface_changed")
        disk.fill()
        accepted, _ = _refused(connection)
        process = Watched(disk.pod.pid)
        connection.ask(Shutdown(id=0))
    process.wait()
    before = disk.entries()

    disk.make_room()
    disk.resume()

    with _connected(disk.pod) as connection:
        connection.ask(Subscribe(id=0, after=0))
        for turn in accepted:
            assert until(connection, "turn_ended")[-1].turn == turn
        new = connection.ask(Run(id=0, input="again")).turn
        assert until(connection, "turn_ended")[-1].turn == new
    assert disk.entries()[: len(before)] == before


def test_a_pod_whose_disk_gets_room_goes_on_by_itself(disk):
    """Nobody asks: the pod looks again every two seconds."""
    with _connected(disk.pod) as connection:
        connection.ask(Subscribe(id=0, after=0))
        until(connection, "surface_changed")
        disk.fill()
        _refused(connection)
        until(connection, "alert")

        disk.make_room()

        alert = until(connection, "alert")[-1]
    assert (alert.level, alert.code) == ("info", "storage")


def test_wherever_a_disk_fills_what_was_accepted_is_there_and_comes_to_its_end(disk):
    """A page holds a few entries, so it fills at another one each time."""
    accepted: list[str] = []
    with _connected(disk.pod) as watcher, _connected(disk.pod) as connection:
        watcher.ask(Subscribe(id=0, after=0))
        until(watcher, "surface_changed")
        for left in range(6):
            disk.fill(left)
            turns, code = _refused(connection, 300 + 700 * left)
            assert code == "storage"
            accepted += turns
            disk.make_room()
            accepted.append(connection.ask(Run(id=0, input="again")).turn)
        ended = [until(watcher, "turn_ended")[-1] for _ in accepted]

    assert [event.turn for event in ended] == accepted
    assert [e.turn for e in disk.entries() if hasattr(e, "delivery")] == accepted
    sessions = disk.state / "sessions"
    assert verify(SessionDirectory(sessions / disk.pod.session)).tail == "whole"
