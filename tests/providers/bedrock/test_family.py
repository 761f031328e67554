from __future__ import annotations

import pytest

from podd.providers.bedrock.family import (
    caches_prompts,
    claude_version,
    family_of,
    thinks_adaptively,
)

ARN = "arn:aws:bedrock:us-east-1:123456789012"


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic"),
        ("global.anthropic.claude-opus-5", "anthropic"),
        ("us.amazon.nova-pro-v1:0", "amazon"),
        ("openai.gpt-oss-120b-1:0", "openai"),
        ("moonshotai.kimi-k2.5", "moonshot"),
        ("meta.llama3-70b-instruct-v1:0", "other"),
        ("eu.mistral.pixtral-large-2502-v1:0", "other"),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", "amazon"),
        (f"{ARN}:inference-profile/us.anthropic.claude-opus-4-1-v1:0", "anthropic"),
        (f"{ARN}:custom-model/amazon.nova-lite-v1:0:300k/abcd", "amazon"),
        (f"{ARN}:application-inference-profile/a1b2c3", "unknown"),
        (f"{ARN}:provisioned-model/a1b2c3", "unknown"),
        ("m", "unknown"),
        ("my-anthropic", "unknown"),
    ],
)
def test_the_maker_is_read_from_the_id(model, family):
    assert family_of(model) == family


@pytest.mark.parametrize(
    ("model", "version", "caches", "adaptive"),
    [
        ("anthropic.claude-v2:1", (0, 0), False, False),
        ("anthropic.claude-3-sonnet-20240229-v1:0", (3, 0), False, False),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", (3, 5), False, False),
        ("us.anthropic.claude-3-5-haiku-20241022-v1:0", (3, 5), True, False),
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", (3, 7), True, False),
        ("us.anthropic.claude-opus-4-20250514-v1:0", (4, 0), True, False),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", (4, 5), True, False),
        ("us.anthropic.claude-opus-4-6-v1", (4, 6), True, True),
        ("us.anthropic.claude-sonnet-5", (5, 0), True, True),
    ],
)
def test_what_a_claude_can_is_read_from_its_version(model, version, caches, adaptive):
    assert claude_version(model) == version
    assert caches_prompts(model) == caches
    assert thinks_adaptively(model) == adaptive


@pytest.mark.parametrize(
    ("model", "caches"),
    [
        ("us.amazon.nova-lite-v1:0", True),
        ("amazon.titan-text-express-v1", False),
        ("meta.llama3-70b-instruct-v1:0", False),
        (f"{ARN}:application-inference-profile/a1b2c3", False),
    ],
)
def test_points_are_set_only_where_they_are_known_to_be_taken(model, caches):
    assert caches_prompts(model) == caches
