"""Each answer of a server is a file, and no turn waits for it."""

from __future__ import annotations

import stat
from pathlib import Path

import anyio
import pytest

from podd.core.pod.state import OpenTurn, PodState
from podd.providers.recording import read
from podd.runtime import recordings
from podd.runtime.recordings import Recordings
from podd.testing.clock import ManualClock
from tests.providers.recordings import SAID


class _Desk:
    """A directory that recordings go to."""

    def __init__(self, tasks, directory: Path):
        self.directory = directory
        self.alerts = []
        self.recordings = Recordings.into(
            directory,
            state=PodState(turn=OpenTurn("t1", step=3, attempt=2)),
            clock=ManualClock(),
            tasks=tasks,
            alert=self._alert,
        )

    async def _alert(self, alert):
        self.alerts.append(alert)

    def keep(self, count: int = 1) -> None:
        for _ in range(count):
            self.recordings.recorder("m")(SAID)

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.directory.iterdir())


@pytest.fixture(name="directory")
def _directory(tmp_path) -> Path:
    return tmp_path / "recordings"


async def test_an_answer_is_a_file_that_says_what_it_answered(directory):
    async with anyio.create_task_group() as tasks:
        desk = _Desk(tasks, directory)
        desk.keep()

    (path,) = directory.iterdir()
    assert path.name == "000001-t1.3.2.recording.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    found = read(path.read_bytes(), str(path))
    assert (found.pieces, found.end) == (SAID.pieces, SAID.end)
    asked = found.asked
    assert (asked.model, asked.turn, asked.step, asked.attempt) == ("m", "t1", 3, 2)
    assert asked.at


async def test_numbers_go_on_in_another_process(directory):
    for _ in range(2):
        async with anyio.create_task_group() as tasks:
            desk = _Desk(tasks, directory)
            desk.keep(2)

    assert [name[:6] for name in desk.names] == [
        *("000001", "000002", "000003", "000004")
    ]


async def test_the_oldest_give_way(directory, monkeypatch):
    monkeypatch.setattr(recordings, "RECORDINGS", 3)
    async with anyio.create_task_group() as tasks:
        desk = _Desk(tasks, directory)
        desk.keep(5)

    assert [name[:6] for name in desk.names] == ["000003", "000004", "000005"]


@pytest.mark.parametrize(("room", "left"), [(2.5, 2), (0.5, 1)])
async def test_all_together_have_so_much_room(directory, monkeypatch, room, left):
    async with anyio.create_task_group() as tasks:
        desk = _Desk(tasks, directory)
        desk.keep()
    size = next(directory.iterdir()).stat().st_size
    monkeypatch.setattr(recordings, "RECORDINGS_BYTES", int(size * room))

    async with anyio.create_task_group() as tasks:
        _Desk(tasks, directory).keep(4)

    assert len(desk.names) == left
    assert desk.names[-1].startswith("000005")


async def test_a_disk_that_does_not_take_it_is_told_once(tmp_path):
    async with anyio.create_task_group() as tasks:
        desk = _Desk(tasks, tmp_path / "missing" / "recordings")
        desk.keep(3)

    (alert,) = desk.alerts
    assert (alert.level, alert.code) == ("warning", "recording_lost")
    assert "recordings" in alert.message


async def test_a_file_of_another_name_disturbs_nothing(directory):
    directory.mkdir()
    (directory / "notes.txt").touch()
    (directory / "mine.recording.jsonl").touch()
    async with anyio.create_task_group() as tasks:
        desk = _Desk(tasks, directory)
        desk.keep()

    assert not desk.alerts
    assert "000001-t1.3.2.recording.jsonl" in desk.names
    assert "mine.recording.jsonl" in desk.names


async def test_the_last_answer_is_kept_though_the_pod_ends(directory):
    async with anyio.create_task_group() as tasks:
        desk = _Desk(tasks, directory)
        desk.keep()
        tasks.cancel_scope.cancel()

    assert len(desk.names) == 1
