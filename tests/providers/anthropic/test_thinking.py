"""How a model is asked to think: by its effort or a budget, as it can be asked.

https://platform.claude.com/docs/en/build-with-claude/thinking
"""

from __future__ import annotations

import pytest

from podd.core.context.conversation import UserItem
from podd.core.context.request import ModelRequest, NamedTool, Sampling, Surface
from podd.errors import ProviderError
from podd.providers.anthropic.thinking import thinking_of

ADAPTIVE = {"type": "adaptive", "display": "summarized"}


def _thinking(model="claude-opus-5", choice="auto", **sampling):
    surface = Surface(model, "", (), Sampling(**sampling))
    return thinking_of(ModelRequest(surface, (UserItem("x"),), choice))


def test_nothing_is_said_where_nothing_is_asked():
    assert _thinking() is None


def test_a_budget_is_asked_for_as_it_is():
    asked = {"type": "enabled", "budget_tokens": 2048}

    assert _thinking(budget_tokens=2048) == asked
    assert _thinking(budget_tokens=2048, effort="low") == asked


@pytest.mark.parametrize(
    ("model", "adapts"),
    [
        ("claude-opus-4-6", True),
        ("claude-opus-4-8-20260601", True),
        ("claude-sonnet-5", True),
        ("claude-haiku-5-5", True),
        ("claude-opus-10", True),
        ("claude-mythos-preview", True),
        ("claude-fable-5-2", True),
        ("anthropic/claude-sonnet-4.6", True),
        ("qwen3", True),
        ("claude-opus-4-5-20251101", False),
        ("claude-sonnet-4-5", False),
        ("claude-haiku-4-5-20251001", False),
        ("claude-opus-4-20250514", False),
        ("claude-sonnet-4-0", False),
        ("claude-3-7-sonnet-latest", False),
        ("claude-2.1", False),
        ("claude-instant-1.2", False),
    ],
)
def test_with_an_effort_a_model_that_can_decides_how_much_to_think(model, adapts):
    assert _thinking(model, effort="high") == (ADAPTIVE if adapts else None)


@pytest.mark.parametrize("choice", ["required", NamedTool("look")])
def test_nobody_is_asked_to_think_while_a_tool_must_be_called(choice):
    assert _thinking(choice=choice, effort="high") is None
    with pytest.raises(ProviderError) as caught:
        _thinking(choice=choice, budget_tokens=2048)

    assert caught.value.fault == "unsupported"
    assert "reasoning_budget" in caught.value.message
    assert "tool_choice" in caught.value.message
    assert _thinking(choice="none", effort="high") == ADAPTIVE
