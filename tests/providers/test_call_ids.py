"""An id names one call of a session, in signs that a strict API takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.core.context.conversation import ToolCallPart, ToolResultItem
from podd.providers.call_ids import call_id, strict_call_id


def _call(provider_call: str, call: str = "t2-1") -> ToolCallPart:
    return ToolCallPart(call, "look", "{}", provider_call)


@pytest.mark.parametrize(
    "own", ["toolu_01A09q90qw90lq917835lq9", "call_abc", "call_9f3kd82nd", "a-b_c"]
)
def test_an_id_that_can_stand_is_kept(own):
    assert strict_call_id(_call(own)) == own


@pytest.mark.parametrize(
    "given", ["", "call_0", "call_12_", "functions.look:0", "3", "x" * 65, "é"]
)
def test_an_id_that_is_refused_or_comes_again_gives_way_to_ours(given):
    assert strict_call_id(_call(given)) == "t2-1"


@pytest.mark.parametrize("given", ["functions.look:0", "call_0", "x" * 65])
def test_who_takes_any_id_gets_its_own(given):
    assert call_id(_call(given)) == given
    assert call_id(_call("")) == "t2-1"


def test_different_ids_of_ours_stay_different():
    assert strict_call_id(_call("", "t1.1.2")) == "t1-2e-1-2e-2"
    assert strict_call_id(_call("", "x.y")) != strict_call_id(_call("", "x:y"))


@given(st.text(), st.text(min_size=1))
def test_a_call_and_its_result_find_each_other(provider_call, call):
    found = strict_call_id(_call(provider_call, call))

    assert re.fullmatch(r"[a-zA-Z0-9_-]+", found)
    result = ToolResultItem(call, "look", "ok", "x", provider_call)
    assert strict_call_id(result) == found
