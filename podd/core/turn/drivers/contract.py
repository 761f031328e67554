"""What a driver is asked, and what it may answer.

A driver says what an answer of the model means. It is asked at two moments: when the
model has answered without calling tools, and when the work it asked for has ended. It
is pure: it sees the open turn and changes nothing.

The machine holds it to this contract (see driving.py). A driver that raises, answers
with nothing, or with what does not fit the moment, ends the turn as `failed` with the
code `driver`; so it can neither spin nor stall.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from podd.core.pod.state import OpenTurn
from podd_protocol.values import DriverName


class RunCode(msgspec.Struct, frozen=True):
    """After an answer: run this. It is not empty."""

    code: str


class GoOn(msgspec.Struct, frozen=True):
    """After work: ask the model again. After an answer it would ask the same again."""


class Finish(msgspec.Struct, frozen=True):
    """The turn is done, unless something that arrived meanwhile keeps it alive."""

    value: Any = None
    """Checked against the output schema where there is one."""


class Repair(msgspec.Struct, frozen=True):
    """After an answer: tell the model what is wrong with it. The machine counts."""

    problem: str


Next = RunCode | GoOn | Finish | Repair


class Driver(Protocol):
    """One way to make a turn of answers."""

    @property
    def name(self) -> DriverName: ...

    @property
    def offers_tools(self) -> bool:
        """Whether the model is offered tools to call; else its code calls them."""

    def answered(self, turn: OpenTurn, *, wants_value: bool) -> Next:
        """Say what the newest answer means; it has text and no tool calls.

        Args:
            turn: the open turn; `text` is the answer.
            wants_value: there is an output schema.
        """

    def worked(self, turn: OpenTurn) -> Next:
        """Say what follows now that all tools, or the code, have ended."""
