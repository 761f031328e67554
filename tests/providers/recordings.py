"""Recordings for tests: made here, not recorded anywhere.

Chunks as in https://platform.openai.com/docs/api-reference/chat-streaming.
"""

from __future__ import annotations

from typing import Final

from podd.providers.recording import Answered, Asked, End, Piece, Recording
from podd.testing.provider_server import DONE, chat_chunk

ASKED: Final = Asked(format=1, provider="openai_chat", sent_bytes=400)
ANSWERED: Final = Answered(
    status=200, headers={"content-type": "text/event-stream"}, seconds=0.1
)


def recording(*pieces: bytes, fault=None, message="", answered=ANSWERED) -> Recording:
    """Say these pieces, a second apart, and end."""
    return Recording(
        asked=ASKED,
        answered=answered,
        pieces=tuple(Piece.of(piece, float(n)) for n, piece in enumerate(pieces)),
        end=End(fault=fault, message=message, seconds=float(len(pieces))),
    )


_ALL: Final = (
    chat_chunk({"content": "Grüße, "})
    + chat_chunk({"content": "Welt"})
    + chat_chunk(finish_reason="stop")
    + DONE
)
#: In the middle of a character.
_AT: Final = _ALL.index("ü".encode()) + 1

SAID: Final = recording(_ALL[:_AT], _ALL[_AT:])
