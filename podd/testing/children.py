"""Children that only remember what they were asked to do."""

from __future__ import annotations


class RecordingChildren:
    """The runtime's `Children`, for a pod under test."""

    def __init__(self) -> None:
        self.watched: list[str] = []
        """Sessions, in the order in which they were to be watched."""
        self.looked: list[str] = []
        """Sessions of which somebody said that there is something to read."""

    def watch(self, session: str) -> None:
        self.watched.append(session)

    def look(self, session: str) -> None:
        self.looked.append(session)
