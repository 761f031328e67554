"""What shapes an answer, in Converse's words and in each family's own. Pure.

Some options have a place in Converse. The others go to the model as its maker calls
them (`additionalModelRequestFields`), so they are only there for families whose words
are known:
- Claude: https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-thinking.html
- Nova: https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html
- OpenAI: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from podd.core.context.request import Sampling
from podd.providers.bedrock.family import Family, family_of, thinks_adaptively
from podd.providers.capabilities import Capability

_OF_ALL: Final[frozenset[Capability]] = frozenset(
    {
        *("tools", "tool_choice", "named_tool", "images", "documents"),
        *("temperature", "top_p", "stop", "output_schema"),
    }
)
_OF_FAMILIES: Final[Mapping[Family, frozenset[Capability]]] = {
    "anthropic": frozenset(
        {"tool_result_images", "top_k", "reasoning_effort", "reasoning_budget"}
    ),
    "amazon": frozenset({"tool_result_images", "top_k", "reasoning_effort"}),
    "openai": frozenset({"reasoning_effort"}),
    "moonshot": frozenset({"reasoning_effort"}),
    "other": frozenset(),
    # Converse has words of its own for these; whether the model does is its to say.
    "unknown": frozenset({"tool_result_images", "reasoning_effort"}),
}


def capabilities_of(model: str) -> frozenset[Capability]:
    """Name what a request for this model can say."""
    return _OF_ALL | _OF_FAMILIES[family_of(model)]


def inference_config(sampling: Sampling) -> dict[str, Any]:
    """Give what all models know by the same words."""
    told = {
        "maxTokens": sampling.max_output_tokens,
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "stopSequences": sampling.stop or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def output_config(model: str, sampling: Sampling) -> dict[str, Any]:
    """Give the form of the answer, and how much effort goes into it."""
    config: dict[str, Any] = {}
    if sampling.output_schema is not None:
        schema = msgspec.json.encode(sampling.output_schema).decode()
        config["textFormat"] = {
            "type": "json_schema",
            "structure": {"jsonSchema": {"name": "answer", "schema": schema}},
        }
    if sampling.effort is not None and family_of(model) in {"anthropic", "unknown"}:
        config["effort"] = sampling.effort
    return config


def model_fields(model: str, sampling: Sampling) -> dict[str, Any]:
    """Give what only this family's models know."""
    effort = sampling.effort
    fields: dict[str, Any] = {}
    match family_of(model):
        case "anthropic":
            if sampling.top_k is not None:
                fields["top_k"] = sampling.top_k
            if sampling.budget_tokens is not None:
                budget = sampling.budget_tokens
                fields["thinking"] = {"type": "enabled", "budget_tokens": budget}
            elif effort is not None and thinks_adaptively(model):
                fields["thinking"] = {"type": "adaptive"}
        case "amazon":
            if sampling.top_k is not None:
                fields["inferenceConfig"] = {"topK": sampling.top_k}
            if effort is not None:
                level = {"type": "enabled", "maxReasoningEffort": effort}
                fields["reasoningConfig"] = level
        case "openai" | "moonshot" if effort is not None:
            # The models with open weights and the others were given different words.
            if "openai.gpt-" in model and "openai.gpt-oss" not in model:
                fields["reasoning"] = {"effort": effort}
            else:
                fields["reasoning_effort"] = effort
        case _:
            pass
    return fields
