"""A recording: what a server answered to one request, piece by piece, as a file.

Lines of JSON, each with its `kind`: `recording` (what was asked, and of whom),
`answered` (status and a few headers), a `piece` for each that came, and `end`. A piece
is text where it is UTF-8, else base64; `seconds` count from the request. The request
itself, and with it the key, is never in it.

Rules of this file: reading and writing are pure. `tape` makes recordings, `scripted`
plays them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from podd.errors import ManifestError, ProviderFault

#: The format this podd writes, and the newest it reads.
FORMAT: Final = 1
#: How the name of such a file ends.
SUFFIX: Final = ".recording.jsonl"


class Asked(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="recording"
):
    """The first line."""

    format: int
    provider: str
    """Whose protocol it is: a provider's name."""
    sent_bytes: int
    """The size of the request, from which usage is estimated where none is told."""
    model: str = ""
    at: str = ""
    """RFC 3339, UTC, milliseconds."""
    turn: str = ""
    step: int = 0
    attempt: int = 0
    podd: str = ""
    """The version that wrote it."""


class Answered(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="answered"
):
    """The server has begun to answer."""

    status: int
    headers: dict[str, str]
    """Names in lower case; those that say how the answer is to be read."""
    seconds: float


class Piece(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="kind",
    tag="piece",
):
    """Bytes that came together."""

    text: str | None = None
    base64: str | None = None
    seconds: float = 0.0

    @classmethod
    def of(cls, content: bytes, seconds: float) -> Piece:
        try:
            return cls(text=content.decode(), seconds=seconds)
        except UnicodeDecodeError:
            encoded = base64.b64encode(content).decode()
            return cls(base64=encoded, seconds=seconds)

    @property
    def content(self) -> bytes:
        """The bytes themselves.

        Raises:
            ValueError: there are none, or they are no base64.
        """
        if (self.text is None) == (self.base64 is None):
            raise ValueError("a piece has either text or base64")
        if self.base64 is not None:
            return binascii.a2b_base64(self.base64, strict_mode=True)
        return (self.text or "").encode()


class End(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="end"):
    """The last line."""

    fault: ProviderFault | Literal["interrupted", "too_long"] | None
    """None: the answer was whole. interrupted: nobody waited for it any more. too_long:
    what came then was not kept."""
    message: str = ""
    seconds: float


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    asked: Asked
    answered: Answered | None
    """None: the server did not."""
    pieces: tuple[Piece, ...]
    end: End


_encoder: Final = msgspec.json.Encoder()
_lines: Final = msgspec.json.Decoder(Asked | Answered | Piece | End)


def written(recording: Recording) -> bytes:
    """The file's content."""
    lines = (recording.asked, recording.answered, *recording.pieces, recording.end)
    return b"".join(_encoder.encode(x) + b"\n" for x in lines if x is not None)


def read(content: bytes, path: str) -> Recording:
    """Read a file's content.

    Raises:
        ManifestError: it is no recording, or a damaged one; names the line.
    """
    lines = _read_lines(content, path)
    number, first = next(lines, (1, None))
    if not isinstance(first, Asked):
        raise _error(path, number, "it does not begin with a line of kind 'recording'")
    if first.format != FORMAT:
        reason = f"its format is {first.format}, and this podd reads {FORMAT}"
        raise _error(path, number, reason)
    answered: Answered | None = None
    pieces: list[Piece] = []
    for number, line in lines:  # the last one is named below
        match line:
            case Answered() if answered is None and not pieces:
                answered = line
            case Piece() if answered is not None:
                pieces.append(line)
            case End():
                if (further := next(lines, None)) is not None:
                    raise _error(path, further[0], "nothing comes after the end")
                return Recording(
                    asked=first, answered=answered, pieces=tuple(pieces), end=line
                )
            case _:
                raise _error(path, number, "a line of this kind cannot stand here")
    raise _error(path, number, "it breaks off: its line of kind 'end' is missing")


def _read_lines(
    content: bytes, path: str
) -> Iterator[tuple[int, Asked | Answered | Piece | End]]:
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            decoded = _lines.decode(line)
            if isinstance(decoded, Piece):
                _ = decoded.content
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            reason = f"not a line of a recording: {error}"
            raise _error(path, number, reason) from error
        yield number, decoded


def _error(path: str, line: int, reason: str) -> ManifestError:
    return ManifestError(
        path=path,
        line=line,
        reason=reason,
        hint="record it again with agent.record = true",
    )
