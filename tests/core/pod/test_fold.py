"""Folding is total; an entry of what cannot have happened changes nothing."""

from __future__ import annotations

import copy

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.core.pod.fold import apply, fold, result_text
from podd.core.pod.state import PodState
from podd.core.session import entries as e
from podd_protocol.values import Completed, Usage
from tests.core.session.every_entry import EVERY_ENTRY
from tests.core.turn.host import Host, call, queued

#: Without an open turn these cannot have happened.
OF_A_TURN = [
    entry
    for entry in EVERY_ENTRY
    if isinstance(
        entry,
        e.CausesTaken
        | e.LimitReached
        | e.StepStarted
        | e.StepFailed
        | e.ModelResponded
        | e.ToolStarted
        | e.ToolResulted
        | e.TurnPaused
        | e.TurnResumed
        | e.TurnEnded,
    )
]


def _applied(state: PodState, entry: e.AnyEntry) -> PodState:
    after = copy.deepcopy(state)
    apply(after, entry)
    after.n = state.n
    return after


@pytest.mark.parametrize("entry", OF_A_TURN, ids=lambda x: type(x).__name__)
def test_an_entry_of_a_turn_changes_nothing_where_none_is_open(entry):
    state = Host.after().state

    assert _applied(state, entry) == state


@pytest.mark.parametrize(
    "entry",
    [
        e.ToolResulted(
            turn="t1", step=1, call="t9.1.1", name="x", status="ok", summary="s"
        ),
        e.ToolStarted(turn="t1", step=1, call="t9.1.1", name="x", repeatable=True),
        e.TurnStarted(turn="t9", causes=("c9",)),
        e.Rewound(to="start"),
    ],
    ids=lambda x: type(x).__name__,
)
def test_an_entry_about_something_else_changes_nothing(entry):
    host = Host.after(queued("work"))
    host.answers(call("read_file"))

    assert _applied(host.state, entry) == host.state


def test_a_second_result_changes_nothing():
    host = Host.after(queued("work"))
    host.answers(call("read_file"), call("write_file"))
    result = e.ToolResulted(
        turn="t1", step=1, call="t1.1.1", name="x", status="ok", summary="s"
    )
    once = _applied(host.state, result)

    assert once != host.state
    assert _applied(once, result) == once


@given(st.lists(st.sampled_from(EVERY_ENTRY), max_size=30))
def test_any_entries_in_any_order_fold_to_a_state(entries):
    state = fold(entries)

    assert state.n == (entries[-1].n if entries else 0)
    assert fold(entries) == state


@given(st.lists(st.sampled_from(EVERY_ENTRY), max_size=20), st.data())
def test_folding_can_be_cut_anywhere(entries, data):
    at = data.draw(st.integers(0, len(entries)))
    state = fold(entries[:at])
    for entry in entries[at:]:
        apply(state, entry)

    assert state == fold(entries)


def test_a_cause_that_nobody_sent_is_not_taken():
    host = Host.after(queued("work"))
    taken = e.CausesTaken(turn="t1", causes=("c77",), checkpoint="after_work")

    assert _applied(host.state, taken).conversation == host.state.conversation


def test_causes_are_taken_in_the_order_that_the_entry_names():
    host = Host()
    for text in "abc":
        host.decide(queued(text))
    host.record(e.TurnStarted(turn="t1", causes=("c3", "c1")))

    assert host.texts() == ["user: c", "user: a"]
    assert [cause.text for cause in host.state.queue] == ["b"]


def test_a_given_manifest_replaces_the_one_the_session_began_with():
    began, *_ = EVERY_ENTRY
    given_later = next(en for en in EVERY_ENTRY if isinstance(en, e.SurfaceSet))

    assert fold([began]).manifest == {"pod": {"name": "p"}}
    assert fold([began, given_later]).manifest == {"pod": {}}
    kept = msgspec.structs.replace(given_later, manifest=None)
    assert fold([began, kept]).manifest == {"pod": {"name": "p"}}


def test_a_restore_takes_back_a_stop_and_an_end():
    stopped = [
        e.StopRequested(mode="drain", by="user"),
        e.SessionClosed(open_turn=None),
    ]
    assert (fold(stopped).stopping, fold(stopped).closed) == ("drain", True)

    again = fold([*stopped, e.PodStarted(pid=1, state="idle", podd="0")])

    assert (again.stopping, again.closed) == (None, False)


def test_the_end_of_a_turn_is_counted_and_kept():
    host = Host.after(queued("work"))
    ended = e.TurnEnded(turn="t1", outcome=Completed(), text="", usage=Usage())

    after = _applied(host.state, ended)

    assert (after.turn, after.turns_ended) == (None, 1)
    assert after.last_outcome == Completed()


@pytest.mark.parametrize(
    ("summary", "output", "text"),
    [("Done.", "", "Done."), ("Done.", "a\n", "Done.\na\n"), ("", "a", "\na")],
)
def test_a_result_reads_as_summary_and_output(summary, output, text):
    assert result_text(summary, output) == text
