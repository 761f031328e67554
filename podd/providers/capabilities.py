"""What a request asks of a provider, and what a provider cannot do. Pure.

A provider names what it has; whatever else a request needs is refused by its name,
before anything is sent. Nothing is left out in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeVar

from podd.core.context.conversation import (
    ConversationItem,
    DocumentPart,
    ImagePart,
    ToolResultItem,
    UserItem,
)
from podd.core.context.request import ModelRequest, NamedTool
from podd.errors import ProviderError

E = TypeVar("E")

Capability = Literal[
    "tools",
    "tool_choice",
    "named_tool",
    "images",
    "image_urls",
    "tool_result_images",
    "documents",
    "temperature",
    "top_p",
    "top_k",
    "stop",
    "reasoning_effort",
    "reasoning_budget",
    "output_schema",
]
"""tool_choice: to have a tool called, any of them; named_tool: a certain one."""


def check_options(
    request: ModelRequest, provider: str, has: frozenset[Capability]
) -> None:
    """Refuse what the provider cannot do; of the conversation, `checked` does.

    Raises:
        ProviderError: `unsupported`, with the capability's name.
    """
    _refuse_others(_asked_by_options(request), provider, has)


def checked(
    encode: Callable[[ConversationItem], E], provider: str, has: frozenset[Capability]
) -> Callable[[ConversationItem], E]:
    """Give an `encode` that refuses an item which the provider cannot be shown.

    So each item is looked at once, and not with each request again. It raises a
    `ProviderError` as `check_options` does.
    """

    def encode_checked(item: ConversationItem) -> E:
        _refuse_others(_asked_by_item(item), provider, has)
        return encode(item)

    return encode_checked


def _refuse_others(
    asked: Iterable[Capability], provider: str, has: frozenset[Capability]
) -> None:
    for needed in asked:
        if needed not in has:
            raise ProviderError(
                fault="unsupported",
                message=f"nothing was sent: {provider} has no {needed}",
                provider=provider,
            )


def _asked_by_options(request: ModelRequest) -> Iterator[Capability]:
    if request.surface.tools:
        yield "tools"
    if request.tool_choice == "required":
        yield "tool_choice"
    if isinstance(request.tool_choice, NamedTool):
        yield "named_tool"
    sampling = request.surface.sampling
    asked: dict[Capability, object] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "stop": sampling.stop or None,
        "reasoning_effort": sampling.effort,
        "reasoning_budget": sampling.budget_tokens,
        "output_schema": sampling.output_schema,
    }
    yield from (name for name, value in asked.items() if value is not None)


def _asked_by_item(item: ConversationItem) -> Iterator[Capability]:
    if isinstance(item, UserItem) and item.parts:
        for part in item.parts:
            if isinstance(part, ImagePart):
                yield "image_urls" if part.url else "images"
            elif isinstance(part, DocumentPart):
                yield "documents"
    elif isinstance(item, ToolResultItem) and item.images:
        yield "tool_result_images"
