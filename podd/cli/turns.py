"""The turns of a session, each with what was asked and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podd.cli.conversation import shown_input
from podd.core.session.entries import (
    AnyEntry,
    Forked,
    InputAccepted,
    TurnEnded,
    TurnStarted,
)
from podd_protocol.values import Outcome, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One turn."""

    turn: str
    began: str = ""
    """RFC 3339; empty while it waits for the turns before it."""
    ended: str = ""
    """RFC 3339; empty while it is open."""
    input: str = ""
    """What began it; empty where a notification did."""
    outcome: Outcome | None = None
    """None: it is open, or waits."""
    text: str = ""
    """Of the last answer."""
    usage: Usage = Usage()


def turns(entries: Iterable[AnyEntry]) -> list[Turn]:
    """All turns, in the order in which they were asked for or began."""
    found: dict[str, Turn] = {}
    for entry in entries:
        match entry:
            case InputAccepted():
                # What steers a turn that runs is not what began it.
                if entry.turn not in found:
                    found[entry.turn] = Turn(turn=entry.turn, input=shown_input(entry))
            case TurnStarted():
                begun = found.get(entry.turn, Turn(turn=entry.turn))
                found[entry.turn] = msgspec.structs.replace(begun, began=entry.at)
            case TurnEnded():
                begun = found.get(entry.turn, Turn(turn=entry.turn))
                found[entry.turn] = msgspec.structs.replace(
                    begun,
                    ended=entry.at,
                    outcome=entry.outcome,
                    text=entry.text,
                    usage=entry.usage,
                )
            case Forked():
                # What waited, and had not begun, is no turn of the fork.
                found = {name: one for name, one in found.items() if one.began}
                if (known := found.get(entry.turn or "")) is not None:
                    found[known.turn] = msgspec.structs.replace(
                        known,
                        ended=entry.at,
                        outcome=entry.outcome,
                        text=entry.text,
                        usage=entry.usage,
                    )
            case _:
                continue
    return list(found.values())
