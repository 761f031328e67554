"""What is recorded while an answer comes. Only where the runtime wants it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Final, Literal

from podd import __version__
from podd.errors import ProviderFault
from podd.providers.presentation import presentable, redacted_pieces
from podd.providers.recording import FORMAT, Answered, Asked, End, Piece, Recording

#: Of one answer. Longer ones are kept up to here; hardly any is.
TAPE_BYTES: Final = 8 * 1024 * 1024
#: What a piece costs besides its bytes: a line of its own.
PIECE_BYTES: Final = 64
#: What says how an answer is to be read. The others may hold cookies and accounts.
HEADERS: Final = (
    *("content-type", "location", "retry-after", "retry-after-ms"),
    *("x-should-retry", "x-amzn-errortype"),
)

Recorder = Callable[[Recording], None]
"""Takes a finished recording, and does not wait."""


class Tape:
    """One try, from the request to its end."""

    __slots__ = (
        "_answered",
        "_asked",
        "_began",
        "_end",
        "_monotonic",
        "_pieces",
        "_secrets",
        "_size",
    )

    def __init__(
        self,
        *,
        provider: str,
        sent_bytes: int,
        monotonic: Callable[[], float],
        secrets: Sequence[str],
    ) -> None:
        self._asked = Asked(
            format=FORMAT,
            provider=provider,
            sent_bytes=sent_bytes,
            podd=__version__,
        )
        self._monotonic = monotonic
        self._began = monotonic()
        self._secrets = secrets
        self._answered: Answered | None = None
        self._pieces: list[tuple[bytes, float]] = []
        self._size = 0
        self._end: End | None = None

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Note the status line."""
        kept = {name: headers[name] for name in HEADERS if name in headers}
        self._answered = Answered(
            status=status,
            headers={k: presentable(v, self._secrets) for k, v in kept.items()},
            seconds=self._seconds(),
        )

    def piece(self, content: bytes) -> None:
        """Note bytes that came, as long as there is room."""
        self._size += len(content) + PIECE_BYTES
        if self._size <= TAPE_BYTES:
            self._pieces.append((content, self._seconds()))

    async def listening(
        self, chunks: AsyncGenerator[bytes, None]
    ) -> AsyncGenerator[bytes, None]:
        """The same bytes, each noted when it comes."""
        async with aclosing(chunks):
            async for chunk in chunks:
                self.piece(chunk)
                yield chunk

    def ended(
        self, fault: ProviderFault | Literal["interrupted"] | None, message: str = ""
    ) -> None:
        """Note how it ended; the first time counts."""
        if self._end is None:
            is_cut = self._size > TAPE_BYTES
            self._end = End(
                fault="too_long" if is_cut else fault,
                message=message,
                seconds=self._seconds(),
            )

    def recording(self) -> Recording:
        """All that was noted, without the secrets."""
        self.ended("interrupted")
        assert self._end is not None, "it has just ended"
        contents = redacted_pieces([piece for piece, _ in self._pieces], self._secrets)
        times = (seconds for _, seconds in self._pieces)
        return Recording(
            asked=self._asked,
            answered=self._answered,
            pieces=tuple(
                Piece.of(content, seconds)
                for content, seconds in zip(contents, times, strict=True)
                if content
            ),
            end=self._end,
        )

    def _seconds(self) -> float:
        return round(self._monotonic() - self._began, 6)
