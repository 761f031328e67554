"""What became of the pods below one, as far as one turn saw it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from podd_protocol.events import ChildEvent
from podd_protocol.values import Outcome, Usage


@dataclass(slots=True)
class Descendant:
    """One pod below."""

    pod: str
    session: str
    outcome: Outcome | None = None
    """Of the last of its turns that ended meanwhile; None: none did."""
    usage: Usage = field(default_factory=Usage)
    """Of those turns together."""

    def document(self) -> dict[str, Any]:
        """As `--json` has it."""
        return {
            "pod": self.pod,
            "session": self.session,
            "outcome": msgspec.to_builtins(self.outcome),
            "usage": msgspec.to_builtins(self.usage),
        }


class Descendants:
    """Those that anything was heard of since the last turn ended.

    What a child reports between two turns begins the second one, so it belongs there.
    """

    def __init__(self) -> None:
        self._by_session: dict[str, Descendant] = {}

    def note(self, event: ChildEvent) -> None:
        """Count what an event says, once."""
        # By session: a name can be used again.
        one = self._by_session.setdefault(
            event.session, Descendant(event.pod, event.session)
        )
        if event.kind == "turn_ended":
            one.outcome = event.outcome
            one.usage += event.usage or Usage()

    def forget(self) -> None:
        """A turn has ended: what comes now belongs to the next one."""
        self._by_session = {}

    def found(self) -> tuple[Descendant, ...]:
        """In the order in which they were first heard of."""
        return tuple(self._by_session.values())
