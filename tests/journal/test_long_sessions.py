"""A long session is opened entry by entry: what is held is the state, not the journal.

`scripts/bench/run journal` shows it for 100,000 entries.
"""

from __future__ import annotations

import tracemalloc

import pytest

from podd.core.pod.fold import apply
from podd.core.pod.state import PodState
from podd.core.session import entries as e
from podd.journal.forking import fork_session
from podd.journal.opening import open_journal
from podd.testing import long_session

ENTRIES = 4_000


@pytest.fixture
def journal(writing):
    made = writing.create()
    for entry in long_session.entries(ENTRIES):
        if not isinstance(entry, e.SessionStarted):
            made.append(entry)
    made.close()
    return made


def _peak(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_opening_holds_no_entries(journal):
    """Three megabytes of journal pass through a buffer of one."""
    size = journal.directory.journal.stat().st_size
    opened = []

    peak = _peak(
        lambda: opened.append(open_journal(journal.directory, lambda _entry: None))
    )

    opened[0][0].close()
    assert size > 3_000_000
    assert peak < 1_700_000


def test_what_a_restored_pod_keeps_beside_its_conversation_is_small(journal):
    state = PodState()

    def restore():
        opened, _ = open_journal(journal.directory, lambda entry: apply(state, entry))
        opened.close()
        state.conversation.clear()

    tracemalloc.start()
    try:
        restore()
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert state.turns_ended == len(state.marks) == (ENTRIES - 2) // 53
    assert len(state.changed_files) <= 1_000
    assert kept < 300_000


def test_a_fork_holds_no_entries_but_its_conversation(journal):
    texts = sum(
        len(entry.output)
        for entry in long_session.entries(ENTRIES)
        if isinstance(entry, e.ToolResulted)
    )

    peak = _peak(
        lambda: fork_session(
            journal.directory,
            "01a2b3c4-0000-7000-8000-00000000000f",
            at=None,
            now="",
            podd="0",
        )
    )

    assert peak < 2 * texts + 3_000_000
