"""What shapes an answer, in each family's words."""

from __future__ import annotations

import msgspec
import pytest

from podd.providers.bedrock.options import capabilities_of

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "us.amazon.nova-pro-v1:0"
LLAMA = "meta.llama3-70b-instruct-v1:0"


EFFORT = {"effort": "low"}
BUDGET = {"budget_tokens": 2048}


@pytest.mark.parametrize(
    ("model", "asked", "fields", "effort"),
    [
        (CLAUDE, {"top_k": 7}, {"top_k": 7}, None),
        (
            CLAUDE,
            BUDGET,
            {"thinking": {"type": "enabled", "budget_tokens": 2048}},
            None,
        ),
        (CLAUDE, EFFORT, None, "low"),
        (
            "us.anthropic.claude-opus-4-6-v1",
            EFFORT,
            {"thinking": {"type": "adaptive"}},
            "low",
        ),
        (NOVA, {"top_k": 7}, {"inferenceConfig": {"topK": 7}}, None),
        (
            "us.amazon.nova-2-lite-v1:0",
            EFFORT,
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}},
            None,
        ),
        ("openai.gpt-oss-120b-1:0", EFFORT, {"reasoning_effort": "low"}, None),
        ("global.openai.gpt-5.6", EFFORT, {"reasoning": {"effort": "low"}}, None),
        ("moonshot.kimi-k2-thinking", EFFORT, {"reasoning_effort": "low"}, None),
        ("m", EFFORT, None, "low"),
    ],
)
def test_each_family_is_asked_in_its_own_words(body, model, asked, fields, effort):
    found = body(model=model, **asked)

    assert found.get("additionalModelRequestFields") == fields
    assert found.get("outputConfig", {}).get("effort") == effort


def test_what_a_family_has_no_word_for_is_no_capability():
    assert "reasoning_budget" not in capabilities_of(NOVA)
    assert "reasoning_effort" not in capabilities_of(LLAMA)
    assert "tool_result_images" not in capabilities_of(LLAMA)
    assert "top_k" not in capabilities_of("m")
    assert "image_urls" not in capabilities_of(CLAUDE)


def test_without_options_nothing_is_said_about_them(body):
    assert set(body(tools=(), system="", model=LLAMA)) == {"messages"}


def test_a_schema_goes_along_as_text(body):
    schema = {"type": "object", "properties": {"é": {"type": "string"}}}

    told = body(output_schema=schema)["outputConfig"]["textFormat"]

    assert told["type"] == "json_schema"
    written = told["structure"]["jsonSchema"]["schema"]
    assert msgspec.json.decode(written) == schema
