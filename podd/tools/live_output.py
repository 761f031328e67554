"""Tell what a command prints while it runs, and no more of it than people can follow.

What is left out here is only not shown live: it is in the result, or in its file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import anyio

#: Between two tellings. Shorter would be an event for each line of a build.
_INTERVAL_SECONDS: Final = 0.05

#: Characters of one telling. At most 320 KiB a second leave the pod live.
_CHARACTERS: Final = 16_384


class LiveOutput:
    """The live output of one call."""

    def __init__(
        self, progress: Callable[[str], None], characters: int = _CHARACTERS
    ) -> None:
        """Begin.

        Args:
            progress: takes what is told.
            characters: of one telling, at most.
        """
        self._progress = progress
        self._characters = characters
        self._waiting: list[str] = []
        self._size = 0
        self._left_out = 0
        self._something = anyio.Event()

    def add(self, text: str) -> None:
        """Have `text` told soon."""
        if not text:
            return
        room = self._characters - self._size
        if told := text[:room]:
            self._waiting.append(told)
            self._size += len(told)
        self._left_out += len(text) - len(told)
        self._something.set()

    async def tell(self) -> None:
        """Tell what was added, again and again, until cancelled."""
        while True:
            await self._something.wait()
            with anyio.move_on_after(_INTERVAL_SECONDS):
                await anyio.Event().wait()
            self.flush()

    def flush(self) -> None:
        """Tell now what waits."""
        if self._left_out:
            self._waiting.append(f"\n({self._left_out} characters not shown live)\n")
        if self._waiting:
            self._progress("".join(self._waiting))
        self._waiting.clear()
        self._size = self._left_out = 0
        self._something = anyio.Event()
