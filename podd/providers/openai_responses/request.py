"""A neutral request as the body of a response that is asked for. Pure.

How it is put, and why:
- the system prompt as `instructions`: the API places them before all input, so that
  `input` is the conversation and only grows at its end;
- nothing is stored at the vendor's: the conversation is here, and goes along whole;
- thoughts go back sealed, without ids (see `replay`), each before what it led to. One
  that led to nothing, because a limit cut it off, stays here: the API refuses it;
- a summary of the thoughts is not asked for: models that do not think refuse that, and
  so do all others as long as the vendor has not verified the user's organisation;
- tools are not strict: the API would make them so by itself, and a strict schema knows
  a part of JSON Schema only;
- `parallel_tool_calls` is not sent, as true is its default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, assert_never

import msgspec

from podd.core.context.conversation import (
    ConversationItem,
    DocumentPart,
    ImagePart,
    ModelItem,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
    UserPart,
)
from podd.core.context.request import ModelRequest, NamedTool, Surface, ToolChoice
from podd.providers.call_arguments import valid_arguments
from podd.providers.call_ids import strict_call_id
from podd.providers.capabilities import Capability
from podd.providers.data_url import data_url, picture_url
from podd.providers.encoded_items import joined
from podd.providers.openai_responses import replay
from podd.providers.openai_responses.errors import PROVIDER

#: What the body can say. There are no stop sequences, no `top_k` and no budget.
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
        *("documents", "temperature", "top_p", "reasoning_effort", "output_schema"),
    }
)

#: OpenAI's models that do not think: they refuse to be asked for sealed thoughts.
_THOUGHTLESS: Final = re.compile(
    r"(ft:|.*/)?(gpt-3|gpt-4|chatgpt-|gpt-5[^/]*-chat)", re.IGNORECASE
)

_encoder: Final = msgspec.json.Encoder()


def encode(
    request: ModelRequest,
    items: Sequence[bytes | bytearray],
    *,
    cache_key: str = "",
    stream: bool = True,
) -> bytes:
    """Write the body. The same request gives the same bytes.

    Args:
        request: to be written.
        items: its items, each as `encode_item` gave it.
        cache_key: sends requests that begin alike to where the beginning is known.
        stream: whether the answer is to come in pieces.
    """
    surface = request.surface
    sampling = surface.sampling
    body: dict[str, Any] = {"model": surface.model, "store": False}
    if surface.system:
        body["instructions"] = surface.system
    if request.shows_tools:
        body["tools"] = _tools(surface)
        if request.tool_choice != "auto":
            body["tool_choice"] = _choice(request.tool_choice)
    options = {
        "max_output_tokens": sampling.max_output_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "reasoning": {"effort": sampling.effort} if sampling.effort else None,
        "text": _format(sampling.output_schema),
        "prompt_cache_key": cache_key or None,
    }
    body |= {name: value for name, value in options.items() if value is not None}
    if sampling.effort or not _THOUGHTLESS.match(surface.model):
        body["include"] = ["reasoning.encrypted_content"]
    if stream:
        body["stream"] = True
    # The input comes last, so that what is long is joined to what is short.
    head = _encoder.encode(body)[:-1] + b',"input":['
    return joined(head, items, b"]}")


def encode_item(item: ConversationItem) -> bytes:
    """Write one item as input items, parted by commas; empty where nothing is sent."""
    match item:
        case UserItem():
            content: object = (
                [_part(part) for part in item.parts] if item.parts else item.text
            )
            return _encoder.encode({"role": "user", "content": content})
        case ModelItem():
            return b",".join(map(_encoder.encode, _answer(item)))
        case ToolResultItem():
            return _encoder.encode(_result(item))
        case unknown:
            assert_never(unknown)


def _choice(choice: ToolChoice) -> object:
    if isinstance(choice, NamedTool):
        return {"type": "function", "name": choice.name}
    return choice


def _format(schema: dict[str, Any] | None) -> object:
    if schema is None:
        return None
    named = {"type": "json_schema", "name": "answer", "schema": schema}
    return {"format": {**named, "strict": False}}


def _tools(surface: Surface) -> list[dict[str, Any]]:
    return [
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": _parameters(tool.schema),
            "strict": False,
        }
        for tool in surface.tools
    ]


def _parameters(schema: dict[str, Any]) -> dict[str, Any]:
    # An object without `properties` is a valid schema, and refused.
    if schema.get("type") == "object" and "properties" not in schema:
        return {**schema, "properties": {}}
    return schema


def _part(part: UserPart) -> dict[str, Any]:
    match part:
        case TextPart(text):
            return {"type": "input_text", "text": text}
        case ImagePart():
            url = picture_url(part)
            return {"type": "input_image", "image_url": url, "detail": "auto"}
        case DocumentPart():
            data = data_url(part)
            name = part.name or "document"
            return {"type": "input_file", "filename": name, "file_data": data}
        case unknown:
            assert_never(unknown)


def _result(item: ToolResultItem) -> dict[str, Any]:
    output: object = item.text
    if item.images:
        output = [_part(TextPart(item.text)), *map(_part, item.images)]
    return {
        "type": "function_call_output",
        "call_id": strict_call_id(item),
        "output": output,
    }


def _answer(item: ModelItem) -> Iterator[dict[str, Any]]:
    """Give the items of an answer; a thought waits until it is known what it led to."""
    thoughts: list[dict[str, Any]] = []
    phase: dict[str, str] = {}
    for part in _shown(item):
        match part:
            case replay.SealedThought():
                thoughts.append(_thought(part))
            case replay.SpokenPhase():
                phase = {"phase": part.phase}
            case TextPart(text):
                yield from thoughts
                thoughts.clear()
                # A plain message: as an item of the vendor's own it would need an id.
                yield {"role": "assistant", "content": text, **phase}
                phase = {}
            case ToolCallPart():
                yield from thoughts
                thoughts.clear()
                yield _call(part)
            case unknown:
                assert_never(unknown)


def _shown(item: ModelItem) -> Iterator[TextPart | ToolCallPart | replay.Replayed]:
    """Give what this API is shown; texts in succession are one."""
    texts: list[str] = []
    for part in item.parts:
        if isinstance(part, TextPart):
            texts.append(part.text)
            continue
        shown = _replayed(part) if isinstance(part, ReasoningPart) else part
        if shown is None:
            continue
        if text := "".join(texts):
            yield TextPart(text)
        texts.clear()
        yield shown
    if text := "".join(texts):
        yield TextPart(text)


def _replayed(part: ReasoningPart) -> replay.Replayed | None:
    if part.provider != PROVIDER or part.replay is None:
        return None
    return replay.read(part.replay)


def _thought(sealed: replay.SealedThought) -> dict[str, Any]:
    return {
        "type": "reasoning",
        "summary": sealed.summary,
        "encrypted_content": sealed.encrypted_content,
    }


def _call(part: ToolCallPart) -> dict[str, Any]:
    return {
        "type": "function_call",
        "call_id": strict_call_id(part),
        "name": part.name,
        "arguments": valid_arguments(part.arguments),
    }
