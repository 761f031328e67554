"""Where the conversation stood when each turn ended, and how to go back there.

A part of the fold, under its rules: total, decides nothing, in place. Whatever else
shortens the conversation has to mend the marks here.
"""

from __future__ import annotations

from typing import Final

from podd.core.context import digest
from podd.core.pod.state import Mark, PodState

#: The word for the point before the first turn.
START: Final = "start"

_START: Final = Mark(items=0, digest=digest.EMPTY, changes=0)


def mark(state: PodState, turn: str) -> None:
    """Note that a turn has ended here."""
    state.marks[turn] = Mark(
        items=len(state.conversation),
        digest=state.conversation_digest,
        changes=state.changes,
    )


def mark_of(state: PodState, turn: str) -> Mark | None:
    """The mark of a turn that is part of the conversation; None: there is none."""
    return _START if turn == START else state.marks.get(turn)


def note_change(state: PodState, path: str) -> None:
    """Note that a file was changed. A path counts by its newest change alone."""
    state.changes += 1
    state.changed_files.pop(path, None)
    state.changed_files[path] = state.changes


def changed_since(state: PodState, point: Mark) -> tuple[str, ...]:
    """The files that were changed after a mark, by their newest change.

    Those of turns that were rewound away as well: their files are still changed.
    """
    found: list[str] = []
    for path, number in reversed(state.changed_files.items()):
        if number <= point.changes:
            break
        found.append(path)
    return tuple(reversed(found))


def rewind(state: PodState, to: str) -> None:
    """Take everything after a turn out of the conversation."""
    point = mark_of(state, to)
    if point is None or state.turn is not None:
        return
    del state.conversation[point.items :]
    state.conversation_digest = point.digest
    # Newest last, so what is to go is found from the end.
    for turn in reversed(list(state.marks)):
        if turn == to:
            break
        del state.marks[turn]
