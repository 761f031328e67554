from __future__ import annotations

import pytest

from podd.providers.openai_responses.replay import (
    SealedThought,
    SpokenPhase,
    read,
    write,
)


@pytest.mark.parametrize(
    "what",
    [
        SealedThought("gAAAé"),
        SealedThought("gAAA", [{"type": "summary_text", "text": "Hm."}]),
        SpokenPhase("commentary"),
    ],
)
def test_what_was_kept_is_what_goes_back(what):
    assert read(write(what)) == what


@pytest.mark.parametrize(
    "text", ["", "gAAA", "{}", "[]", '{"type":"thinking"}', '{"type":"reasoning"}']
)
def test_what_is_none_of_ours_is_left_alone(text):
    assert read(text) is None
