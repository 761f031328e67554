"""Recordings of what servers answer: each answer as a file of its own.

Off unless the manifest says `agent.record = true`. A file is what a report of a fault
needs: bytes as they came, without the request and without keys. The oldest give way to
the newest, so that a pod that runs for months keeps the last answers and no more.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from anyio.abc import TaskGroup

from podd.core.pod.state import PodState
from podd.providers.recording import SUFFIX, Recording, written
from podd.runtime.byproduct import Byproduct
from podd.runtime.clock import Clock
from podd_protocol import events as v

#: Files that are kept.
RECORDINGS: Final = 100
#: Bytes of all of them together.
RECORDINGS_BYTES: Final = 64 * 1024 * 1024


class Recordings(msgspec.Struct, kw_only=True):
    """Where the recordings of one session go."""

    directory: Path
    state: PodState
    clock: Clock
    byproduct: Byproduct

    @classmethod
    def into(
        cls,
        directory: Path,
        *,
        state: PodState,
        clock: Clock,
        tasks: TaskGroup,
        alert: Callable[[v.Alert], Awaitable[object]],
    ) -> Recordings:
        """Keep them in this directory; it is made with the first."""
        byproduct = Byproduct(
            source="recording", place=str(directory), tasks=tasks, alert=alert
        )
        return cls(directory=directory, state=state, clock=clock, byproduct=byproduct)

    def recorder(self, model: str) -> Callable[[Recording], None]:
        """What takes the recordings of one model."""
        return partial(self._keep, model)

    def _keep(self, model: str, recording: Recording) -> None:
        turn = self.state.turn
        asked = msgspec.structs.replace(
            recording.asked,
            model=model,
            at=self.clock.now(),
            turn="" if turn is None else turn.turn,
            step=0 if turn is None else turn.step,
            attempt=0 if turn is None else turn.attempt,
        )
        named = msgspec.structs.replace(recording, asked=asked)
        self.byproduct.keep(partial(self._write, named))

    def _write(self, recording: Recording) -> None:
        self.directory.mkdir(mode=0o700, exist_ok=True)
        # Not what somebody else has put there.
        kept = sorted(self.directory.glob(f"{6 * '[0-9]'}-*{SUFFIX}"))
        asked = recording.asked
        number = 1 + (int(kept[-1].name[:6]) if kept else 0)
        place = f"{asked.turn or 'none'}.{asked.step}.{asked.attempt}"
        path = self.directory / f"{number:06d}-{place}{SUFFIX}"
        content = written(recording)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            try:
                file.write(content)
                file.flush()
            except OSError:
                # A part of it could not be played.
                path.unlink(missing_ok=True)
                raise
        _prune([*kept, path])


def _prune(kept: list[Path]) -> None:
    """Remove the oldest, as many as are too many; the newest stays in any case."""
    sizes = [path.stat().st_size for path in kept]
    total = sum(sizes)
    for number, (path, size) in enumerate(zip(kept[:-1], sizes, strict=False)):
        if len(kept) - number <= RECORDINGS and total <= RECORDINGS_BYTES:
            return
        path.unlink(missing_ok=True)
        total -= size
