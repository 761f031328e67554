"""Digests that show that a request is the same as it was.

A request's digest is built from the surface's and from a chain over the conversation,
so that it costs the same at the first step and at the ten-thousandth.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from podd.core.context.conversation import ConversationItem
from podd.core.context.request import Surface

#: Before the first item.
EMPTY: Final = "0" * 64

_encoder: Final = msgspec.json.Encoder()


def extend(chain: str, item: ConversationItem) -> str:
    """The chain's digest with one more item."""
    return hashlib.sha256(chain.encode() + _encoder.encode(item)).hexdigest()


def of_surface(surface: Surface) -> str:
    """Changes when, and only when, the model sees another prompt, tool or model."""
    return hashlib.sha256(_encoder.encode(surface)).hexdigest()


def of_request(surface: str, conversation: str, *, offer_tools: bool) -> str:
    """A request's digest, from the digests of what it is made of."""
    text = f"{surface} {conversation} {'tools' if offer_tools else 'no tools'}"
    return hashlib.sha256(text.encode()).hexdigest()
