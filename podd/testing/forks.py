"""Forks that are asked for and not made."""

from __future__ import annotations

import msgspec

from podd.errors import PoddError


class NotedFork(msgspec.Struct, frozen=True):
    """What was answered."""

    session: str
    at: int


class RecordingForks:
    """Notes at which entries forks were wanted; refuses those that a test names."""

    def __init__(self) -> None:
        self.wanted: list[int | None] = []
        self.refused: dict[int | None, PoddError] = {}

    async def fork(self, at: int | None) -> NotedFork:
        """Answer with a session named by its place in the list."""
        self.wanted.append(at)
        if (error := self.refused.get(at)) is not None:
            raise error
        return NotedFork(session=f"fork-{len(self.wanted)}", at=at or 1)
