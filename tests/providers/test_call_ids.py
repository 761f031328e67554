"""An id names one call of a session, in signs that a strict API takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.providers.call_ids import strict_id


@pytest.mark.parametrize(
    "own", ["toolu_01A09q90qw90lq917835lq9", "call_abc", "call_9f3kd82nd", "a-b_c"]
)
def test_an_id_that_can_stand_is_kept(own):
    assert strict_id(own, "t1.1.1") == own


@pytest.mark.parametrize("counted", ["", "call_0", "call_12_", "functions.look:0", "3"])
def test_an_id_that_the_next_answer_may_bring_again_gives_way_to_ours(counted):
    assert strict_id(counted, "t2-1") == "t2-1"


def test_without_one_of_ours_it_stays():
    assert strict_id("call_0", "") == "call_0"


def test_signs_that_are_refused_are_replaced_and_different_ids_stay_different():
    assert strict_id("", "t1.1.2") == "t1-2e-1-2e-2"
    assert strict_id("x.y", "t1") != strict_id("x:y", "t1")


@given(st.text(), st.text(min_size=1))
def test_every_id_is_fit_to_be_sent_and_told_again_the_same(provider_call, call):
    found = strict_id(provider_call, call)

    assert re.fullmatch(r"[a-zA-Z0-9_-]+", found)
    assert found == strict_id(provider_call, call)
