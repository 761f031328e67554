"""Which files this session has seen, and what was in them.

It lives in memory alone: a pod that was restored has seen nothing yet, and must read
again before it edits. That is the safe side, since anybody may have written meanwhile.
"""

from __future__ import annotations

import hashlib
from typing import Literal

Sight = Literal["unread", "stale", "fresh"]
"""unread: never seen. stale: seen, and changed since. fresh: as it was seen."""


class ReadTracker:
    """The last seen content of each file, by its real path."""

    __slots__ = ("_digests",)

    def __init__(self) -> None:
        self._digests: dict[str, str] = {}

    def record(self, path: str, digest: str) -> None:
        """Remember that the content with this sha256 was seen, or written."""
        self._digests[path] = digest

    def sight(self, path: str, content: bytes) -> Sight:
        """Tell how what was seen relates to what is there now."""
        seen = self._digests.get(path)
        if seen is None:
            return "unread"
        return "fresh" if seen == digest_of(content) else "stale"


def digest_of(content: bytes) -> str:
    """Return the sha256 of `content`, in hex."""
    return hashlib.sha256(content).hexdigest()
