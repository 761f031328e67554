"""What a child said, from its journal: also while it works, and after its end."""

from __future__ import annotations

from typing import Final

import msgspec

from podd.core.context.conversation import TextPart
from podd.core.session import entries as e
from podd.journal.reader import read_entries
from podd.journal.session_directory import SessionDirectory
from podd.paths import Places

#: What one look gives at most, in characters; a single answer may be longer.
CHARACTERS: Final = 64 * 1024


class Output(msgspec.Struct, frozen=True):
    """What was said behind the cursor."""

    text: str
    next: int
    """The last entry (its `n`) that was looked at."""
    is_cut: bool
    """There is more behind it."""


def output(places: Places, session: str, after: int) -> Output:
    """Read what the model of `session` said in entries behind `after`.

    Raises:
        NoSuchError: there is no such session any more.
        JournalDamagedError, NewerFormatError: it cannot be read.
    """
    said: list[str] = []
    size, seen = 0, after
    for _, entry in read_entries(SessionDirectory(places.session(session))):
        if entry.n <= after:
            continue
        text = _said(entry)
        if text and said and size + len(text) > CHARACTERS:
            return Output("\n\n".join(said), seen, is_cut=True)
        seen = entry.n
        if text:
            said.append(text)
            size += len(text)
    return Output("\n\n".join(said), seen, is_cut=False)


def was_answered(places: Places, session: str, question: str, text: str) -> bool:
    """Whether the child has this very answer to a question of its.

    Raises:
        PoddError: as `output`.
    """
    return any(
        isinstance(entry, e.QuestionAnswered)
        and entry.question == question
        and entry.by == "parent"
        and entry.text == text
        for _, entry in read_entries(SessionDirectory(places.session(session)))
    )


def _said(entry: e.AnyEntry) -> str:
    if not isinstance(entry, e.ModelResponded):
        return ""
    return "\n\n".join(
        part.text for part in entry.parts if isinstance(part, TextPart) and part.text
    )
