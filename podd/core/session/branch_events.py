"""The events of the entries about forks and rewinds."""

from __future__ import annotations

from podd.core.session import branch_entries as b
from podd_protocol import events as v


def branch_events(entry: b.Forked | b.Rewound) -> list[v.DurableEvent]:
    """Their events, in order."""
    at, seq = entry.at, entry.seq
    if isinstance(entry, b.Rewound):
        return [
            v.Rewound(
                seq=seq,
                at=at,
                to=entry.to,
                files_changed_since=list(entry.files_changed_since),
            )
        ]
    found: list[v.DurableEvent] = []
    if entry.turn is not None and entry.outcome is not None:
        found.append(
            v.TurnEnded(
                seq=seq,
                at=at,
                turn=entry.turn,
                outcome=entry.outcome,
                text=entry.text,
                value=None,
                usage=entry.usage,
            )
        )
    found.append(v.StateChanged(seq=seq + len(found), at=at, state="idle"))
    return found
