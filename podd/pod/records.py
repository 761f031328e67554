"""What a pod leaves for those who look at files: status.json and session.json.

Hints, both: the socket and the journal decide. They are written behind the driver's
back, the newest state only, so a slow disk holds up nothing.
"""

from __future__ import annotations

import contextlib
import os
from functools import cached_property
from pathlib import Path

import anyio
import msgspec

from podd.core.turn.states import public_state
from podd.errors import StorageError
from podd.runtime.assembly import Pod


class Records:
    """Keeps both files true."""

    def __init__(self, pod: Pod) -> None:
        self._pod = pod
        self.started_at = pod.clock.now()
        self._status_file = pod.places.status_file(pod.name)
        self._written: tuple[object, ...] = ()
        self._turns = pod.state.turns_ended
        self._changed = anyio.Event()
        pod.driver.listen(self._look)

    @cached_property
    def _socket(self) -> str:
        """Where the pod listens by now: asked only once it does."""
        return str(self._pod.places.socket(self._pod.name))

    def _look(self) -> None:
        self._changed.set()

    async def keep(self) -> None:
        """Write whenever something has changed; until cancelled."""
        while True:
            await self._changed.wait()
            self._changed = anyio.Event()
            self._write_status()
            if self._turns != self._pod.state.turns_ended:
                self._turns = self._pod.state.turns_ended
                await self._record(closed=False)

    async def close(self) -> None:
        """Note how far the session goes, for the next who opens it."""
        await self._record(closed=True)

    def _write_status(self) -> None:
        state = self._pod.state
        turn = state.turn
        changing = {
            "state": public_state(state),
            "turn": None if turn is None else turn.turn,
            "step": None if turn is None else turn.step,
            "queue": len(state.queue),
        }
        newest = (state.session, *changing.values())
        if newest == self._written:
            return
        self._written = newest
        status = {
            "schema_version": 1,
            "name": self._pod.name,
            "pid": os.getpid(),
            "session": state.session,
            **changing,
            "started_at": self.started_at,
            "socket": self._socket,
        }
        with contextlib.suppress(OSError):
            _replace(self._status_file, msgspec.json.encode(status) + b"\n")

    async def _record(self, *, closed: bool) -> None:
        state = self._pod.state
        try:
            await self._pod.journal.record(
                pod=self._pod.name,
                state="closed" if closed else public_state(state),
                at=self._pod.clock.now(),
                turns=state.turns_ended,
            )
        except StorageError as error:
            self._pod.log.warning("session_file", reason=str(error))


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    descriptor = os.open(
        fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600
    )
    try:
        whole = os.write(descriptor, content) == len(content)
    finally:
        os.close(descriptor)
    if whole:
        fresh.replace(path)
