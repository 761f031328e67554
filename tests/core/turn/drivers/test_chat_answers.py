"""An answer that is no JSON is for the model to mend, however it is none."""

from __future__ import annotations

import pytest

from podd.core.pod.state import OpenTurn
from podd.core.turn.drivers.chat import Chat
from podd.core.turn.drivers.contract import Repair


@pytest.mark.parametrize("text", ["yes", "", "{", '"\\ud800"', "[" * 100_000])
def test_an_answer_that_is_no_json_can_be_mended(text: str) -> None:
    turn = OpenTurn(turn="t1", text=text)
    assert isinstance(Chat().answered(turn, wants_value=True), Repair)
