"""A request to a model: a pure function of the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from podd.core.context.conversation import ConversationItem


class ToolSpec(msgspec.Struct, frozen=True):
    """A tool as the model sees it."""

    name: str
    description: str
    schema: dict[str, Any]
    """JSON Schema of the arguments, an object."""


class Sampling(msgspec.Struct, frozen=True, omit_defaults=True):
    """What shapes an answer. None leaves it to the provider."""

    max_output_tokens: int | None = None
    temperature: float | None = None
    effort: str | None = None
    """Of reasoning: low, medium, high, or what the provider knows."""


class Surface(msgspec.Struct, frozen=True):
    """What stays the same from request to request, byte for byte (promise 11)."""

    model: str
    """The name the provider knows it by."""
    system: str
    tools: tuple[ToolSpec, ...]
    sampling: Sampling = Sampling()


class ModelRequest(msgspec.Struct, frozen=True):
    """One request, in no provider's words."""

    surface: Surface
    items: Sequence[ConversationItem]
    offer_tools: bool = True
    """False in the last step that a limit grants."""
    attempt: int = 1
    key: str = ""
    """The same for all attempts of one step, and no other step's in any session. For a
    provider whose API promises to answer a request of the same key only once."""
