"""What must be seen again of a thought, as one opaque text, and back. Pure.

A thought goes back as it came, with its signature; one that was sealed altogether goes
back as the data that it came as. See
https://platform.claude.com/docs/en/build-with-claude/extended-thinking
"""

from __future__ import annotations

from typing import Any

import msgspec

from podd.core.context.conversation import ReasoningPart
from podd.providers.anthropic.errors import PROVIDER


class Seal(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the two."""

    signature: str = ""
    """Of a thought that is told."""
    data: str = ""
    """A thought that is not."""


def sealed(seal: Seal) -> str:
    """Write it as a part's `replay`."""
    return msgspec.json.encode(seal).decode()


def thought_block(part: ReasoningPart) -> dict[str, Any] | None:
    """Give the block to send; None where the vendor would refuse it.

    It takes no thought of another's, and none without a signature.
    """
    if part.provider != PROVIDER or not part.replay:
        return None
    try:
        seal = msgspec.json.decode(part.replay, type=Seal)
    except msgspec.DecodeError:
        return None
    if seal.data:
        return {"type": "redacted_thinking", "data": seal.data}
    if not seal.signature:
        return None
    return {"type": "thinking", "thinking": part.text, "signature": seal.signature}
