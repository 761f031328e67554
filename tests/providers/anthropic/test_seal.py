"""A thought goes back as it came, to who had it."""

from __future__ import annotations

import pytest

from podd.core.context.conversation import ReasoningPart
from podd.providers.anthropic.seal import Seal, sealed, thought_block

SIGNED = sealed(Seal(signature="c2ln"))
HIDDEN = sealed(Seal(data="ZGF0YQ=="))


def test_a_signed_thought_goes_back_with_its_words():
    part = ReasoningPart("Let me see.", SIGNED, "anthropic")

    assert thought_block(part) == {
        "type": "thinking",
        "thinking": "Let me see.",
        "signature": "c2ln",
    }


def test_a_thought_whose_words_were_kept_back_goes_back_without_any():
    part = ReasoningPart("", SIGNED, "anthropic")

    assert thought_block(part) == {
        "type": "thinking",
        "thinking": "",
        "signature": "c2ln",
    }


def test_a_hidden_thought_goes_back_as_the_data_that_it_came_as():
    part = ReasoningPart("", HIDDEN, "anthropic")

    assert thought_block(part) == {"type": "redacted_thinking", "data": "ZGF0YQ=="}


@pytest.mark.parametrize(
    "part",
    [
        ReasoningPart("Hm."),
        ReasoningPart("Hm.", SIGNED),
        ReasoningPart("Hm.", SIGNED, "gemini"),
        ReasoningPart("Hm.", "", "anthropic"),
        ReasoningPart("Hm.", "{}", "anthropic"),
        ReasoningPart("Hm.", "c2ln", "anthropic"),
        ReasoningPart("Hm.", '{"signature":1}', "anthropic"),
    ],
)
def test_what_would_be_refused_does_not_go_back(part):
    assert thought_block(part) is None
