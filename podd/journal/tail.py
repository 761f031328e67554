"""What a crash can leave at the end of a journal, and what was done about it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

TailKind = Literal["whole", "no_newline", "trailing_bytes", "torn"]
"""`whole`: the last line has its newline, all is well.
`no_newline`: the last entry is all there, but for its newline.
`trailing_bytes`: the same, and something follows that is no entry.
`torn`: what follows the last newline is no whole entry.
"""


class Tail(msgspec.Struct, frozen=True):
    """The end of a journal as it was found."""

    kind: TailKind = "whole"
    excess: bytes = b""
    """What is no part of any whole entry."""


class Mending(msgspec.Struct, frozen=True):
    """What opening a journal did to its end. Nothing was thrown away."""

    kind: TailKind
    set_aside: Path | None = None
    """The file that now holds what was cut off."""
