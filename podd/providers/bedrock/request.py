"""A neutral request as the body of Converse or ConverseStream. Pure.

- Items of the same side that follow each other are one message: roles have to take
  turns, and all results of a step belong into one.
- Converse has no word for "no tool". Without calls in the conversation the tools are
  left out. With calls they have to stay, or the request is refused; then the last
  message says that none may be called.
- Where the conversation has calls and there are no tools any more, those that were
  called are shown by name, for the same reason.
- Cache points stand behind what stays: the system prompt (which comes after the tools)
  and the last two messages of the user's. The second last is where the request before
  this one ended, so its prefix is found again.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from podd.core.context.conversation import ModelItem, ToolCallPart
from podd.core.context.request import ModelRequest, NamedTool, ToolSpec
from podd.providers.bedrock.blocks import Blocks, Role
from podd.providers.bedrock.family import Family, caches_prompts, family_of
from podd.providers.bedrock.options import (
    inference_config,
    model_fields,
    output_config,
)

#: What the last message says where tools are shown and none may be called.
NO_TOOLS: Final = "Answer now, without calling a tool."
_CACHE_POINT: Final = {"cachePoint": {"type": "default"}}
#: With the one behind the system prompt, fewer than the four that are allowed.
_MARKED_MESSAGES: Final = 2

_encoder: Final = msgspec.json.Encoder()


class _Message:
    """Blocks of one side."""

    __slots__ = ("blocks", "ends_in_result", "role")

    def __init__(self, role: Role) -> None:
        self.role = role
        self.blocks: list[bytes] = []
        self.ends_in_result = False

    def written(self) -> bytes:
        return b'{"role":"%s","content":[%s]}' % (
            self.role.encode(),
            b",".join(self.blocks),
        )


def encode(request: ModelRequest, items: Sequence[Blocks]) -> bytes:
    """Write the body. The same request gives the same bytes.

    Args:
        request: to be written. Its model stands in the path, not here.
        items: its items, each as `encode_item` gave it.
    """
    surface = request.surface
    model, sampling = surface.model, surface.sampling
    caches = caches_prompts(model)
    tools = _shown_tools(request)
    messages = _merged(items)
    if caches:
        _mark(messages, family_of(model))
    if tools and (request.tool_choice == "none" or not surface.tools):
        _add_to_user(messages, {"text": NO_TOOLS})
    written = b",".join(message.written() for message in messages)
    body: dict[str, Any] = {"messages": msgspec.Raw(b"[" + written + b"]")}
    if surface.system.strip():
        body["system"] = [{"text": surface.system}, *([_CACHE_POINT] if caches else [])]
    options = {
        "inferenceConfig": inference_config(sampling),
        "toolConfig": _tool_config(request, tools, marked=caches),
        "outputConfig": output_config(model, sampling),
        "additionalModelRequestFields": model_fields(model, sampling),
    }
    body |= {name: value for name, value in options.items() if value}
    return _encoder.encode(body)


def _merged(items: Sequence[Blocks]) -> list[_Message]:
    messages: list[_Message] = []
    documents = 0
    for item in items:
        if not item.content:
            continue
        if not messages or messages[-1].role != item.role:
            messages.append(_Message(item.role))
        messages[-1].blocks.append(item.numbered(documents + 1))
        messages[-1].ends_in_result = item.is_result
        documents += item.documents
    return messages


def _mark(messages: list[_Message], family: Family) -> None:
    # Nova refuses a point right behind a tool's result.
    places = [
        message
        for message in reversed(messages)
        if message.role == "user"
        and not (family == "amazon" and message.ends_in_result)
    ]
    for message in places[:_MARKED_MESSAGES]:
        message.blocks.append(_encoder.encode(_CACHE_POINT))


def _add_to_user(messages: list[_Message], block: dict[str, Any]) -> None:
    if not messages or messages[-1].role != "user":
        messages.append(_Message("user"))
    messages[-1].blocks.append(_encoder.encode(block))


def _shown_tools(request: ModelRequest) -> tuple[ToolSpec, ...]:
    if request.surface.tools:
        return request.surface.tools if request.shows_tools else ()
    names = dict.fromkeys(_called(request))
    return tuple(ToolSpec(name, "", {"type": "object"}) for name in names)


def _called(request: ModelRequest) -> Iterator[str]:
    for item in request.items:
        if isinstance(item, ModelItem):
            yield from (p.name for p in item.parts if isinstance(p, ToolCallPart))


def _tool_config(
    request: ModelRequest, tools: Sequence[ToolSpec], *, marked: bool
) -> dict[str, Any]:
    if not tools:
        return {}
    shown = [_tool(tool) for tool in tools]
    family = family_of(request.surface.model)
    # Otherwise the point behind the system prompt counts for them too.
    if marked and not request.surface.system.strip() and family == "anthropic":
        shown.append(_CACHE_POINT)
    config: dict[str, Any] = {"tools": shown}
    choice = request.tool_choice
    if isinstance(choice, NamedTool):
        config["toolChoice"] = {"tool": {"name": choice.name}}
    elif choice == "required":
        config["toolChoice"] = {"any": {}}
    return config


def _tool(tool: ToolSpec) -> dict[str, Any]:
    spec: dict[str, Any] = {"name": tool.name, "inputSchema": {"json": tool.schema}}
    if tool.description:
        spec["description"] = tool.description
    return {"toolSpec": spec}
