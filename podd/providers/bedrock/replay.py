"""What a model needs to see again of its thoughts. Pure.

Bedrock signs a thought, or seals it; both go back as they came. A signature of one
maker's means nothing to another's model, so the maker is kept with it.
"""

from __future__ import annotations

from typing import Any, Final

from podd.core.context.conversation import ReasoningPart
from podd.providers.bedrock.errors import PROVIDER
from podd.providers.bedrock.family import Family

_SIGNED: Final = "signature"
_SEALED: Final = "redacted"


def signed(family: Family, signature: str) -> str:
    """Keep the signature of a thought that was told."""
    return f"{family} {_SIGNED} {signature}"


def sealed(family: Family, data: str) -> str:
    """Keep a thought that was not told; base64."""
    return f"{family} {_SEALED} {data}"


def block_of(part: ReasoningPart, family: Family) -> dict[str, Any] | None:
    """Write the thought as a content block; None where this model must not see it."""
    if part.replay is None or part.provider != PROVIDER:
        return None
    maker, _, rest = part.replay.partition(" ")
    kind, _, data = rest.partition(" ")
    if maker != family:
        return None
    if kind == _SEALED:
        return {"reasoningContent": {"redactedContent": data}}
    told = {"text": part.text, "signature": data}
    return {"reasoningContent": {"reasoningText": told}}
