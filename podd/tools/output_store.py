"""How much of a tool's output the model reads, and where the whole lies.

Sizes are bytes of UTF-8. What is over the limit keeps its head and its tail, with one
line between them that says how much is left out and which file has all of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from podd.tools.output_ends import OutputEnds
from podd.tools.spill_file import SpillFile

#: What a tool may say unless the manifest has another number; about 4,000 tokens.
DEFAULT_OUTPUT_BYTES: Final = 16_384

#: Read at a time.
_PIECE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FittedOutput:
    """An output as the model reads it."""

    text: str
    spilled_to: str | None = None
    """The file with all of it; None where nothing is left out, or nothing was kept."""


@dataclass(frozen=True, slots=True)
class KeptOutput:
    """What is left of the output of a call that was cut off."""

    text: str
    """As a model reads it."""
    size: int
    """Bytes of all that is kept."""
    spilled_to: str | None = None
    """The file with all of it, where `text` is cut."""


@dataclass(frozen=True, slots=True)
class OutputStore:
    """The limits of one pod's tools, and the directory for what goes over them."""

    directory: str
    """Absolute; made (0700) when first needed. Tools may read what lies there."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Bytes by tool name."""
    default_bytes: int = DEFAULT_OUTPUT_BYTES
    redact: Callable[[str], str] = str
    """Takes out what neither the model nor a spilled file may hold; before `fit`."""

    def limit(self, tool: str) -> int:
        """How many bytes this tool may say."""
        return self.limits.get(tool, self.default_bytes)

    def fit(self, tool: str, call: str, text: str) -> FittedOutput:
        """Cut `text` to the limit; what is cut is written to a file first."""
        whole = encode(text)
        ends = OutputEnds(self.limit(tool))
        ends.feed(whole)
        if (fitting := ends.text()) is not None:
            return FittedOutput(text=fitting)
        try:
            path = self._spill(self.file_name(call), whole)
        except OSError as error:
            return FittedOutput(
                text=ends.cut(f"it could not be kept: {error.strerror}")
            )
        where = f"all {len(whole)} bytes are in {path}"
        return FittedOutput(text=ends.cut(where), spilled_to=path)

    def file_name(self, call: str) -> str:
        """Under which a call's output is kept."""
        return call.replace("/", "_") + ".txt"

    def so_far(self, tool: str, call: str) -> KeptOutput | None:
        """Return what a call that was cut off had said; None: nothing of it is kept."""
        path = f"{self.directory}/{self.file_name(call)}"
        ends = OutputEnds(self.limit(tool))
        try:
            with open(path, "rb", opener=_not_following) as file:
                while piece := file.read(_PIECE_BYTES):
                    ends.feed(piece)
        except OSError:
            return None
        if not ends.size:
            return None
        if (text := ends.text()) is not None:
            return KeptOutput(text=text, size=ends.size)
        where = f"what is kept, {ends.size} bytes, is in {path}"
        return KeptOutput(text=ends.cut(where), size=ends.size, spilled_to=path)

    def _spill(self, name: str, whole: bytes) -> str:
        file = SpillFile(self.directory, name)
        try:
            file.write(whole)
            file.finish()
        except OSError:
            file.discard()
            raise
        return file.path


def _not_following(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def encode(text: str) -> bytes:
    """UTF-8; a name that is not UTF-8 on disk shows its odd bytes as escapes."""
    return text.encode("utf-8", "backslashreplace")
