"""What a manifest may name is what there is."""

from __future__ import annotations

from typing import get_args, get_type_hints

import msgspec
import pytest

from podd.core.context.request import ToolSpec
from podd.manifest.schema import SandboxSection, ToolsSection
from podd.manifest.vocabulary import (
    CONFINEMENTS,
    DRIVERS,
    PROVIDERS,
    REPEATABLE_TOOLS,
    RESTARTS,
    TOOLS,
    ServiceName,
    Words,
)
from podd.providers.openai_chat.services import SERVICES
from podd.providers.settings import ModelSettings
from podd.sandbox.probe import FeatureName
from podd.sandbox.settings import CommandLimits
from podd.tools import catalog


def test_each_tool_that_can_be_allowed_is_there_and_no_other() -> None:
    assert tuple(catalog.TOOLS) == TOOLS.built
    assert ToolsSection().allow == TOOLS.built
    assert all(isinstance(spec, ToolSpec) for spec in catalog.specs(TOOLS.built))


def test_a_tool_may_run_again_where_it_says_so_itself() -> None:
    says_so = {name for name, tool in catalog.TOOLS.items() if tool.repeatable}
    assert says_so == REPEATABLE_TOOLS


def test_each_provider_that_can_be_named_can_be_built() -> None:
    named = get_args(get_type_hints(ModelSettings)["provider"])
    assert {*named, *SERVICES} == set(PROVIDERS.built)


def test_each_service_that_can_be_named_is_known() -> None:
    assert set(SERVICES) == set(get_args(ServiceName))


def test_what_can_be_required_is_what_is_looked_for() -> None:
    assert CONFINEMENTS.built == get_args(FeatureName)


def test_the_limits_of_commands_are_the_sandboxs() -> None:
    ours = msgspec.structs.asdict(SandboxSection())
    limits = msgspec.structs.asdict(CommandLimits())
    assert {name: ours[name] for name in limits} == limits


@pytest.mark.parametrize("words", [CONFINEMENTS, DRIVERS, PROVIDERS, RESTARTS, TOOLS])
def test_no_word_is_both_built_and_not(words: Words) -> None:
    assert not set(words.built) & set(words.not_built)
    assert all(words.refusal(word) is None for word in words.built)
    assert all(words.refusal(word) is not None for word in words.not_built)
