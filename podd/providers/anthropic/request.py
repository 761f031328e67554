"""A neutral request as the body of a message's creation. Pure.

What is not sent, or not as it is:
- thoughts of other providers', and those without a signature: they would be refused;
- text that is blank: so is that;
- arguments that are no JSON object: they go back wrapped (see `call_arguments`);
- ids of calls that the API refuses, or that may not be unique (see `call_ids`);
- tools, when none are to be used: they are left out, unless the conversation holds
  calls. Then they stay, and are not to be used;
- blanks at the end of an answer that is to be gone on with: they would be refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, assert_never

import msgspec

from podd.core.context.conversation import (
    ConversationItem,
    ModelItem,
    ToolResultItem,
    UserItem,
)
from podd.core.context.request import ModelRequest, NamedTool, Sampling, ToolChoice
from podd.providers.anthropic.content import (
    Block,
    answer_blocks,
    result_block,
    user_blocks,
)
from podd.providers.anthropic.messages import MARK, EncodedItem, joined
from podd.providers.anthropic.thinking import thinking_of
from podd.providers.capabilities import Capability

#: What a message's creation can say.
CAPABILITIES: Final[frozenset[Capability]] = frozenset(
    {
        *(
            "tools",
            "tool_choice",
            "named_tool",
            "images",
            "image_urls",
            "tool_result_images",
        ),
        *("documents", "temperature", "top_p", "top_k", "stop"),
        *("reasoning_effort", "reasoning_budget", "output_schema"),
    }
)
#: Since this version of the API the three that it took away are refused; see
#: https://platform.claude.com/docs/en/api/versioning
_WITHOUT_SAMPLING: Final = "2026-10-21"
_SAMPLING: Final[frozenset[Capability]] = frozenset({"temperature", "top_p", "top_k"})

#: The API must be given a limit. This one every model since Claude 4 takes, a whole
#: file fits into it several times, and only what is written is paid for.
DEFAULT_MAX_TOKENS: Final = 32_000

_CHOICES: Final = {"required": "any", "none": "none"}

_encoder: Final = msgspec.json.Encoder()


def capabilities_of(version: str) -> frozenset[Capability]:
    """Name what this version of the API can do."""
    return CAPABILITIES - _SAMPLING if version >= _WITHOUT_SAMPLING else CAPABILITIES


def encode(
    request: ModelRequest, items: Sequence[EncodedItem], *, stream: bool = True
) -> bytes:
    """Write the body. The same request gives the same bytes.

    Args:
        request: to be written.
        items: its items, each as `encode_item` gave it.
        stream: whether the answer is to come in pieces.

    Raises:
        ProviderError: `unsupported`: it asks for what the API has not together.
    """
    surface = request.surface
    sampling = surface.sampling
    body: dict[str, Any] = {
        "model": surface.model,
        "max_tokens": sampling.max_output_tokens
        or DEFAULT_MAX_TOKENS + (sampling.budget_tokens or 0),
    }
    if request.shows_tools:
        body["tools"] = _tools(request)
        if request.tool_choice != "auto":
            body["tool_choice"] = _choice(request.tool_choice)
    if surface.system.strip():
        # The mark is for the tools too: they stand before the system prompt.
        system = {"type": "text", "text": surface.system, "cache_control": MARK}
        body["system"] = [system]
    body["messages"] = msgspec.Raw(joined(_closed(request, items)))
    options = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "stop_sequences": sampling.stop or None,
        "thinking": thinking_of(request),
        "output_config": _output(sampling),
    }
    body |= {name: value for name, value in options.items() if value is not None}
    if stream:
        body["stream"] = True
    return _encoder.encode(body)


def encode_item(item: ConversationItem) -> EncodedItem:
    """Write one item.

    Raises:
        ProviderError: `unsupported`: it shows what the API cannot look at.
    """
    match item:
        case UserItem():
            return EncodedItem("user", _written(user_blocks(item.content)))
        case ModelItem():
            return EncodedItem("assistant", _written(answer_blocks(item)))
        case ToolResultItem():
            return EncodedItem("user", _written([result_block(item)]), is_result=True)
        case unknown:
            assert_never(unknown)


def _written(blocks: list[Block]) -> bytes:
    return b",".join([_encoder.encode(block) for block in blocks])


def _closed(
    request: ModelRequest, items: Sequence[EncodedItem]
) -> Sequence[EncodedItem]:
    """Take the blanks from the end, where the answer's last words are the end."""
    last = max((n for n, item in enumerate(items) if item.blocks), default=None)
    if last is None or not isinstance(item := request.items[last], ModelItem):
        return items
    blocks = answer_blocks(item)
    if blocks[-1]["type"] != "text":
        return items
    blocks[-1]["text"] = blocks[-1]["text"].rstrip()
    return [*items[:last], EncodedItem("assistant", _written(blocks))]


def _tools(request: ModelRequest) -> list[dict[str, Any]]:
    surface = request.surface
    tools: list[dict[str, Any]] = [
        {
            "name": tool.name,
            "description": tool.description,
            "input_schema": tool.schema,
        }
        for tool in surface.tools
    ]
    if not surface.system.strip():
        tools[-1]["cache_control"] = MARK
    return tools


def _choice(choice: ToolChoice) -> object:
    if isinstance(choice, NamedTool):
        return {"type": "tool", "name": choice.name}
    return {"type": _CHOICES[choice]}


def _output(sampling: Sampling) -> object:
    output: dict[str, Any] = {}
    if sampling.effort is not None:
        output["effort"] = sampling.effort
    if sampling.output_schema is not None:
        output["format"] = {"type": "json_schema", "schema": sampling.output_schema}
    return output or None
