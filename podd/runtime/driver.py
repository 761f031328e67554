"""The loop: fact -> decide -> append -> apply -> perform. The only one that appends.

Theory of operation
-------------------
Facts arrive in a mailbox. What lies there is taken as a batch: each fact is decided,
its entries appended and applied, and `Proceeded` told until nothing follows. Then one
sync for the whole batch, and only then the answers go out, the events show and the
effects begin. A batch without anything that must be durable first skips the sync.

A full disk: facts that people bring are refused (`storage`); what effects bring back is
appended into the journal's reserve, and so are ends, but nothing new begins until there
is room. What not even the reserve can hold is kept and tried again. A pod that is to
end ends all the same: then its journal looks as after a crash, which loses nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
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
from podd.core.turn.limits import wall_deadline
from podd.core.turn.pending import pending
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
    e.CodeStarted,
    e.TurnEnded,
    e.LoanIntended,
    e.LoanReturned,
    e.ApprovalResolved,
    e.SeqReserved,
    e.SessionClosed,
)

#: Work and its like: refused as soon as the disk is full. What ends something is tried.
_ASKED: Final = (
    i.InputQueued,
    i.InputSteered,
    i.InputOffered,
    i.NotificationSent,
    i.PauseRequested,
    i.ResumeRequested,
    i.RewindRequested,
    i.LoanPlanned,
    i.ApprovalGiven,
    i.QuestionReplied,
    i.CodeCalled,
    i.SurfaceConfigured,
)

#: Entries that begin nothing: a full disk need not hold them up.
_ENDS: Final = (
    e.ToolResulted,
    e.CodeEnded,
    e.TurnEnded,
    e.LoanReturned,
    e.SessionClosed,
)

#: What the drain's deadline does, when waiting for room would only use its time up.
_GIVE_UP: Final = i.DeadlinePassed(deadline="drain")


class Told(msgspec.Struct, eq=False):
    """A fact in the mailbox, and how it was taken."""

    fact: i.Input
    is_asked: bool = False
    """Somebody waits for `done`."""
    done: anyio.Event = msgspec.field(default_factory=anyio.Event)
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
        partial: Callable[[e.StepFailed], str] = lambda _failed: "",
    ) -> None:
        """Move `state` on.

        Args:
            settings: limits and texts.
            state: folded from what `storage` holds.
            storage: where entries go.
            feed: what their events go to.
            clock: stamps them.
            perform: begins an effect, and does not wait.
            partial: what the attempt of an entry has said, where it is outstanding.
        """
        self.settings = settings
        """Replaced by `on_configured`."""
        self.state = state
        self._storage = storage
        self._feed = feed
        self._clock = clock
        self._perform = perform
        self._partial = partial
        self._appended_ms: int | None = None
        """When the newest entry was written, by the clock that never jumps."""
        self._deadline: f.SetDeadline | None = None
        """That of the time which the pod may work, as it was last set."""
        self._mailbox: deque[Told] = deque()
        self._mail = anyio.Event()
        self._postponed: list[Told] = []
        """Facts that nobody waits for and that not even the reserve could hold."""
        self.ended: Literal["drain", "now"] | None = None
        self._listeners: list[Callable[[], None]] = []
        self.may_close: Callable[[], bool] = lambda: True
        """Asked before a pod that is to end closes its journal: somebody else may have
        something to write into it yet. Whoever says no wakes us later."""
        self.on_configured: Callable[[e.SurfaceSet], None] = lambda _entry: None
        """Called as another surface is applied, before anything follows from it."""
        feed.on_low = self.wake

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each batch that appended anything; it is durable."""
        self._listeners.append(listener)

    # Telling facts

    def tell(self, fact: i.Input) -> Told:
        """Put a fact into the mailbox; it is taken in order."""
        return self._put(Told(fact))

    def _put(self, told: Told) -> Told:
        self._mailbox.append(told)
        self._mail.set()
        return told

    def wake(self) -> None:
        """Look again at what follows by itself."""
        if not self._mailbox:
            self.tell(i.Proceeded())

    async def ask(self, fact: i.Input) -> Decision:
        """Tell a fact and wait until what it led to is durable.

        A pod that has ended takes no facts any more, and says so.

        Raises:
            StorageError: the disk is full; nothing was begun.
        """
        if self.ended is not None:
            return _too_late(fact)
        told = self._put(Told(fact, is_asked=True))
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
            await self._take(self._next_batch())
        for told in self._mailbox:
            told.decision = _too_late(told.fact)
            told.done.set()

    def _next_batch(self) -> list[Told]:
        """What lies there, but a change of the surface begins a batch of its own.

        What was decided before it has begun by then, with the surface that was.
        """
        batch = [*self._postponed]
        self._postponed.clear()
        while self._mailbox:
            if batch and isinstance(self._mailbox[0].fact, i.SurfaceConfigured):
                self._mail.set()
                break
            batch.append(self._mailbox.popleft())
        return batch

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
        if self.state.n > before:
            self._tell_listeners()
        for told in batch:
            if told not in self._postponed:
                told.done.set()
        for effect in effects:
            if isinstance(effect, f.EndPod):
                if self.ended is not None:
                    continue
                self.ended = effect.mode
            self._perform(effect)
        self._set_wall_deadline()

    def _set_wall_deadline(self) -> None:
        """Set it anew where it is another one; the one before is stale then."""
        deadline = wall_deadline(self.settings, self.state)
        if deadline is not None and deadline != self._deadline:
            self._perform(deadline)
        self._deadline = deadline

    def _tell_listeners(self) -> None:
        for listener in self._listeners:
            listener()

    def _decide(self, told: Told, effects: list[f.Effect]) -> bool:
        """Decide one fact; tells whether it must be durable before it counts."""
        fact = told.fact
        if isinstance(fact, i.Proceeded):
            # `_proceed` follows, and looks whether there is room.
            told.decision = Decision()
            return False
        if isinstance(fact, _ASKED) and not self._storage.has_room():
            told.storage = self._storage.full
            return False
        decision = decide(self.settings, self.state, fact)
        try:
            must_sync = self._append_all(decision.entries)
        except StorageError as error:
            if error.kind != "full":
                raise
            if isinstance(fact, i.StopAsked | i.DeadlinePassed):
                told.decision = Decision()
                effects.append(f.EndPod(mode="now"))
            elif told.is_asked:
                told.storage = error
            else:
                # Nobody else saw the fact: it is told again when there is room.
                self._postponed.append(told)
            return False
        told.decision = decision
        effects.extend(decision.effects)
        return must_sync or (told.is_asked and bool(decision.entries))

    def _proceed(self, effects: list[f.Effect]) -> bool:
        """Go on until nothing follows by itself."""
        must_sync = False
        while (move := self._next_move()).entries:
            try:
                must_sync |= self._append_all(move.entries)
            except StorageError as error:
                if error.kind != "full":
                    raise
                outstanding = pending(self.state)
                if self.state.stopping is not None and not outstanding:
                    effects.append(f.EndPod(mode="now"))
                # The first entries of a move may be there: what they announce begins,
                # or nobody would begin it. The rest follows when there is room.
                begun = [one for one in move.effects if one in outstanding]
                effects.extend(begun)
                return must_sync or bool(begun)
            effects.extend(move.effects)
        return must_sync

    def _next_move(self) -> Decision:
        """What follows by itself and may, with the room that there is."""
        move = decide(self.settings, self.state, i.Proceeded())
        closes = any(isinstance(entry, e.SessionClosed) for entry in move.entries)
        if closes and not self.may_close():
            return Decision()
        only_ends = all(isinstance(entry, _ENDS) for entry in move.entries)
        if only_ends or self._storage.has_room():
            return move
        if self.state.stopping is not None and not pending(self.state):
            return decide(self.settings, self.state, _GIVE_UP)
        return Decision()

    def _append_all(self, entries: Sequence[e.AnyEntry]) -> bool:
        for entry in entries:
            self._append(entry)
        return any(isinstance(entry, _SYNCED) for entry in entries)

    def _append(self, entry: e.AnyEntry) -> None:
        now_ms = int(self._clock.monotonic() * 1000)
        before_ms = now_ms if self._appended_ms is None else self._appended_ms
        stamped = msgspec.structs.replace(
            entry,
            at=self._clock.now(),
            seq=self._feed.next_seq,
            elapsed=now_ms - before_ms,
        )
        if isinstance(stamped, e.StepFailed) and not stamped.partial:
            stamped = msgspec.structs.replace(stamped, partial=self._partial(stamped))
        events = events_of(stamped)
        if not events:
            stamped = msgspec.structs.replace(stamped, seq=0)
        written = self._storage.append(stamped)
        self._appended_ms = now_ms
        apply(self.state, written)
        if isinstance(written, e.SurfaceSet) and written.cause == "configured":
            self.on_configured(written)
        self._feed.hold(events)

    def _reserve_numbers(self) -> bool:
        """Reserve the next block of event numbers in time."""
        if not self._feed.running_low:
            return False
        try:
            self._append(e.SeqReserved(upto=self._feed.next_block))
        except StorageError as error:
            if error.kind != "full":
                raise
            return False  # live events wait for numbers; nothing durable does
        return True


def _too_late(fact: i.Input) -> Decision:
    """What a pod says that has ended: who wants it to end has what they want."""
    stop = isinstance(fact, i.StopAsked)
    return Decision(verdict="stale" if stop else "stopping")
