"""A request to a model: a pure function of the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from podd.core.context.conversation import ConversationItem, ModelItem, ToolCallPart


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
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    """Texts that end an answer."""
    effort: str | None = None
    """Of reasoning: low, medium, high, or what the provider knows."""
    budget_tokens: int | None = None
    """For reasoning."""
    output_schema: dict[str, Any] | None = None
    """What the provider is asked to make its text fit. Checked here all the same."""


class Surface(msgspec.Struct, frozen=True):
    """What stays the same from request to request, byte for byte (promise 11)."""

    model: str
    """The name the provider knows it by."""
    system: str
    tools: tuple[ToolSpec, ...]
    sampling: Sampling = Sampling()


class NamedTool(msgspec.Struct, frozen=True):
    """The model must call this one."""

    name: str


ToolChoice = Literal["auto", "none", "required"] | NamedTool
"""none: tools are shown where the conversation has calls, and not to be used."""


class ModelRequest(msgspec.Struct, frozen=True):
    """One request, in no provider's words."""

    surface: Surface
    items: Sequence[ConversationItem]
    tool_choice: ToolChoice = "auto"
    """none in the last step that a limit grants."""
    attempt: int = 1
    key: str = ""
    """The same for all attempts of one step, and no other step's in any session. For a
    provider whose API promises to answer a request of the same key only once."""
    session: str = ""
    """The same for all requests of a session, for providers that keep what they have
    read where they can find it again."""

    @property
    def has_calls(self) -> bool:
        """Whether the conversation holds a call: strict servers then want the tools."""
        return any(
            isinstance(part, ToolCallPart)
            for item in self.items
            if isinstance(item, ModelItem)
            for part in item.parts
        )

    @property
    def shows_tools(self) -> bool:
        """Whether the tools go along, to be used or not."""
        return bool(self.surface.tools) and (
            self.tool_choice != "none" or self.has_calls
        )
