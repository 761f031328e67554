"""Calls that people are asked about, when time, a pause or an end comes between."""

from __future__ import annotations

import msgspec

from podd.core.permission import Permission
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.pending import pending
from podd.core.turn.states import MachineState, machine_state
from tests.core.turn.family import SETTINGS, bash, too_late, until_approved, working
from tests.core.turn.host import (
    CANCEL,
    DRAIN,
    NOW,
    OVER,
    PAUSE,
    RESTORED,
    RESUME,
    Host,
    kinds,
    request,
    run,
)
from tests.core.turn.situations import answered

RM = '{"command":"rm x"}'
RUNS = run("t1.1.1", "bash", RM)
LATE = too_late("approval", "t1.1.1")


def yes(name: str = "t1.1.1", **more) -> i.ApprovalGiven:
    return i.ApprovalGiven(call=name, verdict="approved", **more)


def no(name: str = "t1.1.1", **more) -> i.ApprovalGiven:
    return i.ApprovalGiven(call=name, verdict="denied", **more)


def _asked() -> Host:
    """The model wants to remove something."""
    host = working()
    host.answers(bash())
    return host


# Time, pause, cancel, stop


def test_a_call_that_nobody_decides_about_is_denied_and_says_so():
    """Promise 8."""
    host = _asked()

    heard = host.tell(LATE)

    assert heard.kinds == ["approval_resolved", "tool_result", "step_started"]
    resolved = heard.entries[0]
    assert (resolved.verdict, resolved.by) == ("denied", "limit")
    assert heard.entries[1].status == "denied"
    assert heard.entries[1].summary == "bash denied: nobody decided within 60 s"


def test_the_limit_of_one_call_is_not_that_of_another():
    host = working()
    host.answers(bash(), bash("rm y"))
    host.tell(too_late("approval", "t1.1.2"))

    assert list(host.state.approvals) == [("p", "t1.1.1")]
    assert host.decide(too_late("question", "t1.1.1")).verdict == "stale"
    assert host.decide(too_late("wait", "t1.1.1")).verdict == "stale"


def test_a_limit_that_passed_is_not_remembered_for_the_session():
    host = _asked()
    host.tell(LATE)

    assert host.answers(bash()).kinds == ["model_responded", "approval_requested"]


def test_a_cancel_ends_what_waits_for_people():
    """Promise 3, while people are asked."""
    host = _asked()

    heard = host.tell(CANCEL)

    assert heard.kinds == ["approval_resolved", "tool_result", "turn_ended"]
    resolved = heard.entries[0]
    assert (resolved.verdict, resolved.by) == ("denied", "cancel")
    assert resolved.reason == "the turn was cancelled"
    assert heard.entries[1].status == "interrupted"
    assert heard.effects == []
    assert host.state.approvals == {}


def test_what_is_approved_in_a_pause_is_run_when_the_turn_goes_on():
    host = _asked()
    host.tell(PAUSE)
    assert machine_state(host.state) is MachineState.PAUSED_AWAITING_TOOLS
    assert host.tell(yes()).kinds == ["approval_resolved"]

    heard = host.tell(RESUME)

    assert heard.kinds == ["turn_resumed", "tool_started"]
    assert heard.effects == [RUNS]


def test_an_approval_for_one_call_outlasts_a_denial_of_others_like_it():
    host = working()
    host.answers(bash(), bash())
    host.tell(PAUSE)
    host.tell(yes("t1.1.1"))
    host.tell(no("t1.1.2", remember="session"))

    heard = host.tell(RESUME)

    assert heard.kinds == ["turn_resumed", "tool_started"]
    assert heard.effects == [RUNS]


def test_what_was_approved_is_denied_where_the_rules_forbid_it_by_now():
    host = _asked()
    host.decide(yes())
    restored = host.crash()
    denied = Permission("deny", "rule 3", "rm x")
    restored.settings = msgspec.structs.replace(
        SETTINGS, permission=lambda _tool, _arguments: denied
    )

    heard = restored.tell(RESTORED)

    assert heard.kinds == ["pod_started", "tool_result", "step_started"]
    assert heard.entries[1].summary == "bash denied: rule 3"


def test_people_are_not_asked_about_what_a_pause_kept_from_beginning():
    host = working()
    answered(host, bash())
    host.tell(PAUSE)
    assert host.state.approvals == {}

    assert host.tell(RESUME).kinds == ["turn_resumed", "approval_requested"]


def test_what_is_denied_in_a_pause_has_its_result_at_once():
    host = _asked()
    host.tell(PAUSE)

    assert host.tell(no()).kinds == ["approval_resolved", "tool_result"]
    assert host.tell(RESUME).effects == [request(2)]


def test_a_drain_waits_for_people_as_long_as_it_may():
    host = _asked()
    assert host.tell(DRAIN).kinds == ["stop_requested"]

    heard = host.tell(OVER)

    assert heard.kinds == ["approval_resolved", "tool_result", "session_closed"]
    assert heard.effects == [f.EndPod(mode="now")]


def test_what_is_approved_in_a_drain_is_still_run():
    host = _asked()
    host.tell(DRAIN)

    assert host.tell(yes()).effects == [RUNS]


def test_a_pod_that_ends_now_takes_its_requests_back():
    heard = _asked().tell(NOW)

    assert heard.kinds == [
        *("stop_requested", "approval_resolved", "tool_result", "session_closed"),
    ]
    assert heard.entries[1].by == "cancel"
    assert heard.effects == [f.EndPod(mode="now")]


# Restore


def test_people_are_still_asked_after_a_restore():
    """Promise 2."""
    host = _asked().crash()
    assert pending(host.state) == (until_approved("t1.1.1"),)

    heard = host.tell(RESTORED)

    assert heard.kinds == ["pod_started"]
    assert heard.effects == [until_approved("t1.1.1")]
    assert host.tell(yes()).effects == [RUNS]


def test_a_verdict_that_a_crash_followed_is_obeyed_and_not_asked_for_again():
    for said, then in ((yes(), ["tool_started"]), (no(), ["tool_result"])):
        host = _asked()
        host.decide(said)
        host = host.crash()

        heard = host.tell(RESTORED)

        assert heard.kinds[1:2] == then
        assert "approval_requested" not in heard.kinds


def test_a_cancel_that_a_crash_cut_short_leaves_no_call_without_its_result():
    """Promise 3: the prefix of a cancel is a state to go on from, too."""
    host = _asked()
    entries = host.tell(CANCEL).entries
    kept = [entry for entry in host.entries if entry not in entries[1:]]
    restored = Host.restored(kept, SETTINGS)

    heard = restored.tell(RESTORED)

    assert kinds(heard.entries) == ["pod_started", "tool_result", "step_started"]
    assert heard.entries[1].status == "denied"
