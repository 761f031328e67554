"""What of a manifest, and of what is known of its model, a request asks for."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.context.request import Sampling
from podd.core.scope.rules import Scope
from podd.manifest.catalogue.facts import ModelFacts
from podd.manifest.resolved import Resolved
from podd.manifest.schema import (
    AgentSection,
    Manifest,
    ModelSection,
    PodSection,
    ReasoningSection,
)
from podd.runtime.sampling import sampling_of

KNOWN = ModelFacts(
    context_window=200_000,
    max_output_tokens=64_000,
    capabilities=("tools", "structured_output"),
)
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}


def _resolved(*, facts=KNOWN, schema=None, driver="chat", **model) -> Resolved:
    section = ModelSection(
        ref="openai_chat/m", provider="openai_chat", name="m", **model
    )
    return Resolved(
        manifest=Manifest(
            pod=PodSection(name="p", workdir="/"),
            model=section,
            agent=AgentSection(driver=driver),
        ),
        scope=Scope(rules=()),
        origins={},
        facts=facts,
        output_schema=schema,
    )


def test_what_nobody_says_is_left_to_the_provider():
    assert sampling_of(_resolved(facts=ModelFacts())) == Sampling()


def test_a_known_model_may_answer_as_long_as_it_can():
    assert sampling_of(_resolved()) == Sampling(max_output_tokens=64_000)


def test_the_manifest_says_it_better():
    resolved = _resolved(
        max_output_tokens=9,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        stop=("END",),
        reasoning=ReasoningSection(budget_tokens=2000),
    )

    assert sampling_of(resolved) == Sampling(
        max_output_tokens=9,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        stop=("END",),
        budget_tokens=2000,
    )
    effort = _resolved(reasoning=ReasoningSection(effort="low"))
    assert sampling_of(effort).effort == "low"


def test_a_schema_goes_along_where_the_model_can_be_kept_to_it():
    assert sampling_of(_resolved(schema=SCHEMA)).output_schema == SCHEMA


@pytest.mark.parametrize(
    "otherwise",
    [
        {"facts": ModelFacts()},
        {"facts": msgspec.structs.replace(KNOWN, capabilities=("tools",))},
        {"driver": "code"},
        {"schema": {"type": "array"}},
        {"schema": {"anyOf": [SCHEMA]}},
    ],
)
def test_where_it_cannot_the_answer_is_checked_and_no_more(otherwise):
    resolved = _resolved(**{"schema": SCHEMA, **otherwise})

    assert sampling_of(resolved).output_schema is None
