"""A pod below this one, as far as its entries were read."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from podd.core.scope.rules import Scope
from podd_protocol.values import ChildEnd, ChildState, Outcome, Usage

Stage = Literal["intended", "made", "returned", "below"]
"""Of our loan to it. below: another pod below us lends to it."""


class Report(msgspec.Struct, frozen=True):
    """How a turn of a child ended."""

    turn: str
    outcome: Outcome
    text: str
    value: Any
    usage: Usage
    files: tuple[str, ...]


class Child(msgspec.Struct):
    """One pod below this one."""

    pod: str
    """Its full name."""
    session: str
    parent: str
    """Name of who lends to it."""
    stage: Stage
    call: str = ""
    """Of the `spawn_pod` that made it; empty where it was not ours."""
    scope: Scope | None = None
    """What we lent; None where another pod lends."""
    token: str = ""
    task: str = ""
    lent: tuple[str, ...] = ()
    """What it may write and its lender may not."""
    turns: list[str] = msgspec.field(default_factory=list)
    """Its turns that we asked for and that have not ended."""
    upto: int = 0
    """Number of its last event that was read and counted."""
    state: ChildState = "starting"
    report: Report | None = None
    """Of the last turn that ended."""
    told: str = ""
    """The report, as the model reads it."""
    end: ChildEnd | None = None
    message: str = ""
    usage: Usage = msgspec.field(default_factory=Usage)
    """Of its own turns, without those below it."""
    counted: set[str] = msgspec.field(default_factory=set)
    """Turns that are in `usage`: who assumes a loan reads the child from its beginning,
    and may have heard of them through the one who lent before."""

    @property
    def is_lent_to(self) -> bool:
        """Whether something of ours may be in its hands."""
        return self.stage in {"intended", "made"}

    @property
    def is_done(self) -> bool:
        """Whether nothing that we asked for is still to come."""
        # While a loan is only intended, it has not even heard what it is to do.
        return not self.turns and self.stage != "intended"


def short_name(parent: str, pod: str) -> str:
    """How the model of `parent` calls one of its children."""
    return pod.removeprefix(f"{parent}.")
