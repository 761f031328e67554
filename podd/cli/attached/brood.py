"""The pods below the one attached to, each folded to what fits one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from podd.cli.child_words import END_WORDS
from podd.cli.duration import short, since
from podd.cli.rendering import first_line, outcome_words
from podd_protocol.events import ChildEvent

if TYPE_CHECKING:
    from podd_protocol.replies import StatusReply
    from podd_protocol.values import ChildState, Outcome


@dataclass(slots=True)
class _Child:
    pod: str
    state: ChildState
    task: str = ""
    outcome: Outcome | None = None
    since: str = ""
    """RFC 3339: when it became what it is; empty: not known."""
    ended: str = ""


class Brood:
    """Children and theirs."""

    def __init__(self) -> None:
        # By session: a name can be used again.
        self._children: dict[str, _Child] = {}

    def begin(self, status: StatusReply) -> None:
        """Take up those that are there already."""
        for child in status.children:
            ended = "" if child.ended is None else END_WORDS[child.ended]
            self._children[child.session] = _Child(
                child.pod, child.state, outcome=child.outcome, ended=ended
            )

    def hear(self, event: ChildEvent) -> None:
        """Follow what becomes of one."""
        child = self._children.setdefault(event.session, _Child(event.pod, "starting"))
        child.since = event.at
        match event.kind:
            case "spawned":
                child.task = event.task
            case "started" | "resumed":
                child.state = "running"
            case "turn_ended":
                child.state, child.outcome = "idle", event.outcome
            case "paused":
                child.state = "paused"
            case "ended":
                child.state = "ended"
                child.ended = "" if event.end is None else END_WORDS[event.end]
            case "assumed":
                child.state = "running" if child.outcome is None else "idle"

    def named(self, name: str, parent: str) -> str | None:
        """The full name of the child that is called so; None: there is none."""
        names = {child.pod for child in self._children.values()}
        return next((n for n in (name, f"{parent}.{name}") if n in names), None)

    def names(self) -> list[str]:
        """Of those that live, in the order in which they came."""
        return [c.pod for c in self._children.values() if c.state != "ended"]

    def active(self) -> list[str]:
        """A line for each that has work."""
        return [
            _line(child)
            for child in self._children.values()
            if child.state not in {"idle", "ended"}
        ]

    def lines(self) -> list[str]:
        """A line for each, also those that have ended."""
        return [_line(child) for child in self._children.values()]


def _line(child: _Child) -> str:
    if child.state == "ended":
        words = f"{child.pod} {child.ended or 'has ended'}"
    else:
        words = f"{child.pod} is {child.state}"
    if child.state == "idle" and child.outcome is not None:
        words += f", {outcome_words(child.outcome)}"
    if child.since:
        words += f", for {short(since(child.since))}"
    task = first_line(child.task)
    return f"{words}: {task}" if task else words
