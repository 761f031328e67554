"""What this API wants to see again, as the opaque text that a conversation keeps. Pure.

Nothing is stored at the vendor's (`store` is false), so an item's id finds nothing
there, and a reasoning item with an id makes the API look for the ids of what follows.
So ids are not kept: a thought is its sealed content and its summary, a message the
phase that it was said in.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec


class SealedThought(
    msgspec.Struct, frozen=True, tag_field="type", tag="reasoning", omit_defaults=True
):
    """A reasoning item, without its id."""

    encrypted_content: str
    summary: list[Any] = []
    """As it came, part by part."""


class SpokenPhase(msgspec.Struct, frozen=True, tag_field="type", tag="message"):
    """The phase of the message that follows: `commentary` or `final_answer`.

    Newer models answer worse where their messages come back without it.
    """

    phase: str


Replayed = SealedThought | SpokenPhase

_encoder: Final = msgspec.json.Encoder()
_replays: Final[msgspec.json.Decoder[Replayed]] = msgspec.json.Decoder(Replayed)


def write(what: Replayed) -> str:
    """Put it into the text that is kept."""
    return _encoder.encode(what).decode()


def read(text: str) -> Replayed | None:
    """Find it in the text that was kept; None where there is none of ours."""
    try:
        return _replays.decode(text)
    except msgspec.DecodeError:
        return None
