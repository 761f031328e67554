"""A neutral request as the body of a Gemini request. Pure.

What is not sent, or not as it is:
- the model and whether to stream: they stand in the URL;
- thoughts: what Gemini needs of them are their signatures (see `contents`);
- arguments that are no JSON object: they go back wrapped, as Gemini takes only objects;
- the ids that we gave to calls, which Gemini does not know: results are told apart by
  name and order, which is that of the calls;
- tools, when none are to be used: they are left out, unless the conversation holds
  calls;
- a document's name: there is no field for it that is read.

https://ai.google.dev/api/generate-content
https://ai.google.dev/api/caching#FunctionDeclaration
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
from podd.core.context.request import (
    ModelRequest,
    NamedTool,
    Sampling,
    Surface,
    ToolChoice,
)
from podd.providers.capabilities import Capability
from podd.providers.gemini.contents import (
    Content,
    joined,
    model_content,
    result_content,
    user_content,
)
from podd.providers.gemini.generations import Generation

#: What a request's body can say.
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
        *("documents", "temperature", "top_p", "top_k", "stop", "reasoning_effort"),
        *("reasoning_budget", "output_schema"),
    }
)

_encoder: Final = msgspec.json.Encoder()

_MODES: Final = {"auto": "AUTO", "none": "NONE", "required": "ANY"}


def encode(request: ModelRequest, contents: Sequence[Content]) -> bytes:
    """Write the body. The same request gives the same bytes.

    Args:
        request: to be written.
        contents: its items, each as `encode_item` gave it.
    """
    surface = request.surface
    body: dict[str, Any] = {}
    if surface.system:
        body["systemInstruction"] = {"parts": [{"text": surface.system}]}
    if request.shows_tools:
        body["tools"] = [{"functionDeclarations": _declarations(surface)}]
        if request.tool_choice != "auto":
            config = _calling(request.tool_choice)
            body["toolConfig"] = {"functionCallingConfig": config}
    body["contents"] = msgspec.Raw(joined(contents))
    if generation := _generation(surface.sampling):
        body["generationConfig"] = generation
    return _encoder.encode(body)


def encode_item(item: ConversationItem, generation: Generation = "current") -> Content:
    """Write one item, for a model of that generation."""
    match item:
        case UserItem():
            return user_content(item)
        case ModelItem():
            return model_content(item, generation)
        case ToolResultItem():
            return result_content(item, generation)
        case unknown:
            assert_never(unknown)


def _declarations(surface: Surface) -> list[dict[str, Any]]:
    return [
        {
            "name": tool.name,
            "description": tool.description,
            # `parameters` takes a dialect of its own; this one JSON Schema as it is.
            "parametersJsonSchema": tool.schema,
        }
        for tool in surface.tools
    ]


def _calling(choice: ToolChoice) -> dict[str, Any]:
    if isinstance(choice, NamedTool):
        return {"mode": "ANY", "allowedFunctionNames": [choice.name]}
    return {"mode": _MODES[choice]}


def _generation(sampling: Sampling) -> dict[str, Any]:
    options: dict[str, Any] = {
        "maxOutputTokens": sampling.max_output_tokens,
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "topK": sampling.top_k,
        "stopSequences": sampling.stop or None,
        "thinkingConfig": _thinking(sampling),
    }
    if sampling.output_schema is not None:
        options["responseMimeType"] = "application/json"
        options["responseJsonSchema"] = sampling.output_schema
    return {name: value for name, value in options.items() if value is not None}


def _thinking(sampling: Sampling) -> dict[str, Any] | None:
    """Say how much to think, and that it is to be told.

    Only where something was asked for: models that do not think refuse the section.
    """
    if sampling.effort is None and sampling.budget_tokens is None:
        return None
    config: dict[str, Any] = {}
    if sampling.effort is not None:
        config["thinkingLevel"] = sampling.effort.upper()
    if sampling.budget_tokens is not None:
        config["thinkingBudget"] = sampling.budget_tokens
    if sampling.budget_tokens != 0:
        # Of thoughts that are switched off there is nothing to be told.
        config["includeThoughts"] = True
    return config
