"""Promise 1 on a disk that fills at any write: nothing acknowledged is lost."""

from __future__ import annotations

from collections import Counter

import anyio
import pytest

from podd.core.context.conversation import ToolCallPart
from podd.core.pod.fold import fold
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd.journal.session_directory import SessionDirectory
from podd.journal.verification import verify
from podd.testing.harness import SESSION, PodHarness
from podd.testing.journal import MemoryJournal
from podd.testing.model import answer
from podd_protocol.requests import Run


class FillingJournal(MemoryJournal):
    """Has no room from the write of a number on, until somebody makes some."""

    def __init__(self, at: int, reserve: int) -> None:
        """Fill before the write number `at`, from 1."""
        super().__init__(reserve=reserve)
        self._at = at
        self._writes = 0

    def append(self, entry: e.AnyEntry) -> e.AnyEntry:
        self._writes += 1
        if self._writes == self._at:
            self.room = 0
        return super().append(entry)


async def _make_room(pod: PodHarness) -> None:
    """As a person does who reads the alert."""
    client = await pod.subscriber(after=None)
    while True:
        await client.until("alert")
        pod.journal.room = None
        pod.driver.wake()


async def _ask(pod: PodHarness, client, text: str) -> str:
    """Ask until it is accepted; it is in the journal then."""
    while True:
        reply = await client.ask(Run(id=1, input=text, key=text))
        if getattr(reply, "code", "") != "storage":
            break
        pod.journal.room = None
    inputs = [x for x in pod.journal.entries if isinstance(x, e.InputAccepted)]
    assert [x.cause for x in inputs if x.text == text] == [reply.cause]
    assert pod.journal.durable_n >= max(x.n for x in inputs)
    return reply.cause


async def _story(directory, journal: MemoryJournal) -> None:
    async with PodHarness(directory, journal=journal) as pod:
        pod.model.say(answer("", ("read_file", "{}"), ("write_file", "{}")))
        for text in ("one", "two"):
            pod.model.say(answer(text))
        async with anyio.create_task_group() as people:
            people.start_soon(_make_room, pod)
            client = await pod.subscriber()
            causes = [await _ask(pod, client, text) for text in ("first", "second")]
            await client.until("turn_ended")
            await client.until("turn_ended")
            people.cancel_scope.cancel()
        await pod.driver.ask(i.Proceeded())
        assert causes == ["c1", "c2"]


def _check(directory, journal: MemoryJournal) -> None:
    entries = journal.entries
    asked = [
        part.call
        for x in entries
        if isinstance(x, e.ModelResponded)
        for part in x.parts
        if isinstance(part, ToolCallPart)
    ]
    results = Counter(x.call for x in entries if isinstance(x, e.ToolResulted))
    assert results == Counter(asked)
    inputs = [x.text for x in entries if isinstance(x, e.InputAccepted)]
    assert inputs == ["first", "second"]
    assert [x.text for x in entries if isinstance(x, e.TurnEnded)] == ["one", "two"]
    assert fold(entries).turn is None
    directory.journal.write_bytes(b"".join(journal.lines))
    assert verify(directory).last_n == len(entries)


@pytest.fixture
def session(tmp_path) -> SessionDirectory:
    directory = SessionDirectory(tmp_path / SESSION)
    directory.path.mkdir()
    return directory


@pytest.mark.parametrize("reserve", [0, 600, 65_536])
async def test_a_disk_that_fills_at_any_write_loses_nothing_acknowledged(
    short_directory, session, reserve
):
    undisturbed = FillingJournal(0, reserve)
    await _story(short_directory, undisturbed)
    _check(session, undisturbed)
    # What comes before is of the start: a session that cannot begin waits for room.
    first = undisturbed.kinds.index("input_accepted") + 1
    for write in range(first, undisturbed.last_n + 1):
        journal = FillingJournal(write, reserve)

        await _story(short_directory, journal)

        _check(session, journal)
