"""Calls that rules forbid, and calls that people are asked about."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.permission import Permission
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from tests.core.turn.family import SETTINGS, bash, too_late, until_approved, working
from tests.core.turn.host import (
    CANCEL,
    RESTORED,
    Host,
    call,
    finished,
    request,
    run,
)

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


def _remembered(fact: i.ApprovalGiven) -> Host:
    """People have said it, and the model is asked for step 2."""
    host = _asked()
    host.tell(fact)
    host.tell(finished("t1.1.1"))
    return host


# Rules


def test_a_call_that_the_rules_allow_is_run():
    heard = working().answers(call("write_file"))

    assert heard.kinds == ["model_responded", "tool_started"]
    assert heard.effects == [run("t1.1.1", "write_file")]


def test_a_call_that_the_rules_deny_is_not_run_and_says_which_rule():
    host = working()

    heard = host.answers(bash("sudo x"))

    assert heard.kinds == ["model_responded", "tool_result", "step_started"]
    assert heard.entries[1].status == "denied"
    assert heard.entries[1].summary == "bash denied: rule 1"
    assert heard.effects == [request(2)]


def test_people_are_asked_about_one_call_while_another_runs():
    host = working()

    heard = host.answers(bash(), call("read_file"))

    assert heard.kinds == ["model_responded", "approval_requested", "tool_started"]
    assert heard.entries[1] == e.ApprovalRequested(
        n=heard.entries[1].n,
        at=heard.entries[1].at,
        seq=heard.entries[1].seq,
        elapsed=heard.entries[1].elapsed,
        pod="p",
        call="t1.1.1",
        name="bash",
        arguments=RM,
        reason="rule 2",
        subject="rm x",
        wait_seconds=60.0,
    )
    assert heard.effects == [until_approved("t1.1.1"), run("t1.1.2")]
    assert host.tell(finished("t1.1.2")).kinds == ["tool_result"]
    assert host.tell(i.Proceeded()).entries == []


def test_a_call_with_broken_arguments_is_an_error_and_nobody_is_asked():
    heard = working().answers(call("bash", '{"command":'))

    assert heard.kinds == ["model_responded", "tool_result", "step_started"]
    assert heard.entries[1].status == "error"


# What people say


def test_an_approved_call_is_run():
    host = _asked()

    heard = host.tell(yes(reason="go"))

    assert heard.kinds == ["approval_resolved", "tool_started"]
    resolved = heard.entries[0]
    assert (resolved.verdict, resolved.by, resolved.remember) == (
        "approved",
        "user",
        "once",
    )
    assert heard.effects == [RUNS]
    assert host.state.approvals == {}
    assert host.tell(finished("t1.1.1")).effects == [request(2)]


def test_a_denied_call_is_not_run_and_says_what_people_said():
    host = _asked()

    heard = host.tell(no(reason="not that one"))

    assert heard.kinds == ["approval_resolved", "tool_result", "step_started"]
    assert heard.entries[1].status == "denied"
    assert heard.entries[1].summary == "bash denied: not that one"
    assert heard.effects == [request(2)]


def test_a_verdict_for_once_is_asked_for_again():
    host = _remembered(yes())

    assert host.answers(bash()).kinds == ["model_responded", "approval_requested"]


def test_an_approval_for_the_session_holds_for_equal_calls_alone():
    host = _remembered(yes(remember="session"))

    heard = host.answers(bash(), bash("rm y"))

    assert heard.kinds == ["model_responded", "tool_started", "approval_requested"]
    assert heard.entries[2].subject == "rm y"
    assert heard.effects == [run("t1.2.1", "bash", RM), until_approved("t1.2.2")]


def test_a_denial_for_the_session_is_told_at_once_with_its_reason():
    host = _asked()
    host.tell(no(remember="session", reason="never"))

    heard = host.answers(bash())

    assert heard.kinds == ["model_responded", "tool_result", "step_started"]
    assert heard.entries[1].status == "denied"
    assert heard.entries[1].summary == "bash denied: never"


@pytest.mark.parametrize("said", [yes, no])
def test_a_verdict_for_the_session_outlives_the_process(said):
    host = _remembered(said(remember="session")).crash()
    host.tell(RESTORED)

    assert "approval_requested" not in host.answers(bash()).kinds


def test_what_is_said_for_the_session_holds_for_equal_calls_that_wait_already():
    host = working()
    host.answers(bash(), bash(), bash("rm y"))

    heard = host.tell(yes("t1.1.2", remember="session"))

    assert heard.kinds == [
        *("approval_resolved", "approval_resolved"),
        *("tool_started", "tool_started"),
    ]
    assert [entry.call for entry in heard.entries] == [
        *("t1.1.2", "t1.1.1"),
        *("t1.1.1", "t1.1.2"),
    ]
    assert list(host.state.approvals) == [("p", "t1.1.3")]


def test_what_is_said_once_leaves_an_equal_call_waiting():
    host = working()
    host.answers(bash(), bash())

    assert host.tell(yes("t1.1.1")).kinds == ["approval_resolved", "tool_started"]
    assert list(host.state.approvals) == [("p", "t1.1.2")]


def test_a_rule_that_denies_is_stronger_than_what_people_once_said():
    host = _remembered(yes(remember="session"))
    denied = Permission("deny", "rule 3", "rm x")
    host.settings = msgspec.structs.replace(
        SETTINGS, permission=lambda _tool, _arguments: denied
    )

    assert host.answers(bash()).entries[1].summary == "bash denied: rule 3"


# Two at once


def test_two_calls_wait_side_by_side_and_each_gets_its_own_verdict():
    host = working()
    host.answers(bash(), bash("rm y"))
    assert set(host.state.approvals) == {("p", "t1.1.1"), ("p", "t1.1.2")}

    first = host.tell(no("t1.1.2", reason="keep y"))
    assert first.kinds == ["approval_resolved", "tool_result"]
    second = host.tell(yes("t1.1.1"))
    assert second.effects == [RUNS]
    host.tell(finished("t1.1.1"))

    assert host.texts()[-2:] == ["t1.1.1: ok", "t1.1.2: denied"]


# What is not there


@pytest.mark.parametrize("name", ["t1.1.2", "t9.1.1", ""])
def test_a_verdict_on_a_call_that_does_not_wait_is_refused(name):
    host = _asked()

    assert host.decide(yes(name)).refusal == "no_such_call"
    assert list(host.state.approvals) == [("p", "t1.1.1")]


@pytest.mark.parametrize("first", [yes(), no(), LATE, CANCEL])
def test_the_first_verdict_stands(first):
    host = _asked()
    host.tell(first)

    decision = host.decide(yes())

    assert decision.refusal == "no_such_call"
    assert decision.entries == decision.effects == ()
    assert host.decide(LATE).verdict == "stale"
