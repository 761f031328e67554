"""Turns as a pod tells them."""

from __future__ import annotations

from podd_protocol.events import (
    AnyEvent,
    StepStarted,
    Text,
    TextDelta,
    TurnEnded,
    TurnStarted,
)
from podd_protocol.values import Outcome, Usage

USAGE = Usage(input_tokens=1200, output_tokens=34, requests=1)


def ended(outcome: Outcome, turn: str = "t1", text: str = "Hello.\n") -> TurnEnded:
    return TurnEnded(turn=turn, outcome=outcome, text=text, value=None, usage=USAGE)


def beginning(turn: str = "t1") -> list[AnyEvent]:
    return [
        TurnStarted(turn=turn, causes=["c1"]),
        StepStarted(turn=turn, step=1, attempt=1, model="scripted/demo"),
        TextDelta(turn=turn, step=1, attempt=1, text="Hel"),
    ]


def whole_turn(outcome: Outcome) -> list[AnyEvent]:
    return [*beginning(), Text(turn="t1", step=1, text="Hello.\n"), ended(outcome)]
