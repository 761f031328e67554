"""What a request asks of a provider, and what a provider cannot do. Pure.

A provider names what it has; whatever else a request needs is refused by its name,
before anything is sent. Nothing is left out in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from podd.core.context.conversation import (
    DocumentPart,
    ImagePart,
    ToolResultItem,
    UserItem,
)
from podd.core.context.request import ModelRequest, NamedTool
from podd.errors import ProviderError

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


def check(request: ModelRequest, provider: str, has: frozenset[Capability]) -> None:
    """Refuse what the provider cannot do.

    Raises:
        ProviderError: `unsupported`, with the capability's name.
    """
    for needed in _needed(request):
        if needed not in has:
            raise ProviderError(
                fault="unsupported",
                message=f"nothing was sent: {provider} has no {needed}",
                provider=provider,
            )


def _needed(request: ModelRequest) -> Iterator[Capability]:
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
    for item in request.items:
        # Most items are prose; those are seen at a glance.
        if isinstance(item, UserItem) and item.parts:
            for part in item.parts:
                if isinstance(part, ImagePart):
                    yield "image_urls" if part.url else "images"
                elif isinstance(part, DocumentPart):
                    yield "documents"
        elif isinstance(item, ToolResultItem) and item.images:
            yield "tool_result_images"
