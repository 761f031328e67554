"""The loop: fact -> decide -> append -> apply -> perform. The only one that appends.

Theory of operation
-------------------
Facts arrive in a mailbox. What lies there is taken as a batch: each fact is decided,
its entries appended and applied, and `Proceeded` told until nothing follows. Then one
sync for the whole batch, and only then the answers go out, the events show and the
effects begin. A batch without anything that must be durable first skips the sync.

A full disk: facts that people bring are refused (`storage`); what effects bring back is
appended into the journal's reserve, and nothing new begins until there is room.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import anyio
import msgspec

from podd.core.pod.fold import apply
from podd.core.pod.state import PodState
from podd.core.session import entries as e
from podd.core.session.events import events as events_of
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.decide import Decision, decide
from podd.core.turn.settings import Settings
from podd.errors import StorageError
from podd.runtime.clock import Clock
from podd.runtime.feed import Feed
from podd.runtime.storage import Storage

#: Entries that must be durable before what they announce counts.
_SYNCED: Final = (
    e.InputAccepted,
    e.NotificationAccepted,
    e.ToolStarted,
    e.TurnEnded,
    e.SeqReserved,
    e.SessionClosed,
)

#: Facts that somebody waits for; a full disk refuses them.
_ASKED: Final = (
    i.InputQueued,
    i.InputSteered,
    i.InputOffered,
    i.NotificationSent,
    i.PauseRequested,
    i.ResumeRequested,
)


@dataclass(slots=True)
class Told:
    """A fact in the mailbox, and how it was taken."""

    fact: i.Input
    done: anyio.Event = field(default_factory=anyio.Event)
    decision: Decision | None = None
    storage: StorageError | None = None
    """Set where the disk refused it; then there is no decision."""


class Driver:
    """Owns the state of one pod and moves it on."""

    def __init__(
        self,
        *,
        settings: Settings,
        state: PodState,
        storage: Storage,
        feed: Feed,
        clock: Clock,
        perform: Callable[[f.Effect], None],
    ) -> None:
        self.settings = settings
        self.state = state
        self._storage = storage
        self._feed = feed
        self._clock = clock
        self._perform = perform
        self._mailbox: deque[Told] = deque()
        self._mail = anyio.Event()
        self._postponed: list[Told] = []
        """What effects came back with and not even the reserve could hold."""
        self.ended: Literal["drain", "now"] | None = None
        self.on_change: Callable[[], None] = lambda: None
        """Called after each batch that appended anything."""
        feed.on_low = self.wake

    # Telling facts

    def tell(self, fact: i.Input) -> Told:
        """Put a fact into the mailbox; it is taken in order."""
        told = Told(fact)
        self._mailbox.append(told)
        self._mail.set()
        return told

    def wake(self) -> None:
        """Look again at what follows by itself."""
        if not self._mailbox:
            self.tell(i.Proceeded())

    async def ask(self, fact: i.Input) -> Decision:
        """Tell a fact and wait until what it led to is durable.

        Raises:
            StorageError: the disk is full; nothing of it happened.
        """
        told = self.tell(fact)
        await told.done.wait()
        if told.storage is not None:
            raise told.storage
        assert told.decision is not None, "a fact is decided or refused by the disk"
        return told.decision

    def record(self, entry: e.AnyEntry) -> None:
        """Append an entry that no decision is behind: the session's first ones."""
        self._append(entry)

    # The loop

    async def run(self) -> None:
        """Take facts until the pod is to end.

        Raises:
            StorageError: the disk is broken; nothing more can be promised.
        """
        while self.ended is None:
            await self._mail.wait()
            self._mail = anyio.Event()
            batch = [*self._postponed, *self._mailbox]
            self._postponed.clear()
            self._mailbox.clear()
            await self._take(batch)

    async def _take(self, batch: Sequence[Told]) -> None:
        before = self.state.n
        effects: list[f.Effect] = []
        must_sync = self._reserve_numbers()
        for told in batch:
            must_sync |= self._decide(told, effects)
        must_sync |= self._proceed(effects)
        if self.state.n > before and must_sync:
            await self._storage.sync()
        if must_sync:
            self._feed.reserved(self.state.seq_reserved)
        self._feed.release()
        for told in batch:
            told.done.set()
        if self.state.n > before:
            self.on_change()
        for effect in effects:
            if isinstance(effect, f.EndPod):
                self.ended = effect.mode
            self._perform(effect)

    def _decide(self, told: Told, effects: list[f.Effect]) -> bool:
        """Decide one fact; tells whether anybody waits for it to be durable."""
        asked = isinstance(told.fact, _ASKED)
        if asked and not self._storage.has_room():
            told.storage = self._storage.full
            return False
        decision = decide(self.settings, self.state, told.fact)
        try:
            must_sync = self._append_all(decision.entries)
        except StorageError as error:
            if error.kind != "full":
                raise
            # Nobody else saw the fact: it is told again when there is room.
            if asked:
                told.storage = error
            else:
                self._postponed.append(told)
            return False
        told.decision = decision
        effects.extend(decision.effects)
        return must_sync or (asked and bool(decision.entries))

    def _proceed(self, effects: list[f.Effect]) -> bool:
        """Go on until nothing follows by itself."""
        must_sync = False
        while self.state.stopping is not None or self._storage.has_room():
            decision = decide(self.settings, self.state, i.Proceeded())
            if not decision.entries:
                return must_sync
            must_sync |= self._append_all(decision.entries)
            effects.extend(decision.effects)
        return must_sync

    def _append_all(self, entries: Sequence[e.AnyEntry]) -> bool:
        for entry in entries:
            self._append(entry)
        return any(isinstance(entry, _SYNCED) for entry in entries)

    def _append(self, entry: e.AnyEntry) -> None:
        stamped = msgspec.structs.replace(
            entry, at=self._clock.now(), seq=self._feed.next_seq
        )
        events = events_of(stamped)
        if not events:
            stamped = msgspec.structs.replace(stamped, seq=0)
        written = self._storage.append(stamped)
        apply(self.state, written)
        self._feed.hold(events)

    def _reserve_numbers(self) -> bool:
        """Reserve the next block of event numbers in time."""
        if not self._feed.running_low:
            return False
        self._append(e.SeqReserved(upto=self._feed.next_block))
        return True
