"""Waiting until nothing of ours writes any more where we are about to lend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from podd.errors import StillWrittenError
from podd.runtime.children.limit import came
from podd.runtime.clock import Clock

#: What a writer gets to finish. A file tool needs milliseconds; a command that was
#: begun before the loan keeps its right to write until it ends.
QUIET_LIMIT_SECONDS: Final = 10.0


class FileWriters(Protocol):
    """The file tools."""

    async def wait_until_quiet(
        self, roots: Sequence[str], limit_seconds: float
    ) -> tuple[str, ...]:
        """Wait until nobody writes there; who still does when the time is over."""


class CommandWriters(Protocol):
    """The commands that run."""

    def writers(self, roots: Sequence[str]) -> tuple[str, ...]:
        """Names of those that may write at these paths or below."""

    async def wait_until_quiet(self, roots: Sequence[str]) -> None:
        """Return when none may."""


class Quiet(msgspec.Struct, kw_only=True):
    """Knows who could be writing; empty as long as no tool was ever used."""

    clock: Clock
    files: FileWriters | None = None
    commands: CommandWriters | None = None

    async def wait(self, roots: Sequence[str]) -> None:
        """Return when nothing of ours writes below `roots`. They are narrowed already.

        Raises:
            StillWrittenError: something does when the time is over; names it.
        """
        if not roots:
            return
        began = self.clock.monotonic()
        if (commands := self.commands) is not None:

            async def quiet() -> None:
                await commands.wait_until_quiet(roots)

            if not await came(self.clock, QUIET_LIMIT_SECONDS, quiet):
                raise _refused(roots, commands.writers(roots))
        if self.files is not None:
            left = began + QUIET_LIMIT_SECONDS - self.clock.monotonic()
            writing = await self.files.wait_until_quiet(roots, max(0.0, left))
            if writing:
                raise _refused(roots, writing)


def _refused(roots: Sequence[str], writing: tuple[str, ...]) -> StillWrittenError:
    return StillWrittenError(
        paths=tuple(roots), writers=writing, seconds=QUIET_LIMIT_SECONDS
    )
