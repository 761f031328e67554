"""What a tool did to a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file, replaced as a whole."""

    path: str
    """Absolute and real: the file itself, not a link to it."""
    change: Literal["created", "modified"]
    before: bytes | None
    """The content it replaced; None where there was no file."""
    after: str
    """sha256 of the new content, in hex."""
