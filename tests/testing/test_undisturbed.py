"""What a killed run may differ in from an undisturbed one, and what not."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.session import entries as e
from podd.testing.undisturbed import differences
from podd_protocol.values import Usage
from tests.core.turn.host import RESTORED, Host, call, finished, queued, steered


def _undisturbed() -> Host:
    host = Host.after(queued("work", key="one"))
    host.answers(call("read_file"), call("write_file"))
    host.tell(
        finished("t1.1.1"),
    )
    host.tell(steered("with care"))
    host.tell(finished("t1.1.2"))
    host.answers("Done.")
    return host


def _killed() -> Host:
    """Killed while both calls ran, and while the model answered."""
    host = Host.after(queued("work", key="one"))
    host.answers(call("read_file"), call("write_file"))
    host = host.crash()
    host.tell(RESTORED)
    host.tell(steered("with care"))
    host.tell(finished("t1.1.1"))
    host = host.crash()
    host.tell(RESTORED)
    host.answers("Done.")
    return host


def test_what_a_kill_may_change_is_no_difference():
    killed = _killed().entries

    assert differences(_undisturbed().entries, killed) == []
    statuses = [x.status for x in killed if isinstance(x, e.ToolResulted)]
    assert sorted(statuses) == ["ok", "unknown"]


def _without(kind: type, entries: list) -> list:
    return [entry for entry in entries if not isinstance(entry, kind)]


def _changed(kind: type, entries: list, **fields) -> list:
    at = next(n for n, x in enumerate(entries) if isinstance(x, kind))
    changed = msgspec.structs.replace(entries[at], **fields)
    return [*entries[:at], changed, *entries[at + 1 :]]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda x: _without(e.CausesTaken, x), "CausesTaken"),
        (lambda x: _changed(e.TurnStarted, x, causes=("c1", "c9")), "TurnStarted"),
        (lambda x: _changed(e.InputAccepted, x, key="two"), "InputAccepted"),
        (lambda x: _changed(e.ModelResponded, x, usage=Usage()), "usage"),
        (lambda x: _changed(e.TurnEnded, x, text="Undone."), "TurnEnded"),
        (lambda x: _changed(e.StepFailed, x, fault="cut"), "an attempt failed: cut"),
        (lambda x: _without(e.PodStarted, x), "no process ended"),
    ],
)
def test_all_else_is_one(spoil, said):
    found = differences(_undisturbed().entries, spoil(_killed().entries))

    assert any(said in one for one in found), found


def test_a_call_that_nobody_cut_off_has_the_result_that_it_had():
    spoiled = _changed(e.ToolResulted, _undisturbed().entries, status="unknown")

    found = differences(_undisturbed().entries, spoiled)

    assert "t1.1.1 is unknown, and no process ended while it ran" in found


def test_two_results_of_one_call_are_told():
    entries = _undisturbed().entries
    result = next(x for x in entries if isinstance(x, e.ToolResulted))

    assert differences(entries, [*entries, result])
