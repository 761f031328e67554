"""Commands of the background: they outlive their call, and their end is a cause."""

from __future__ import annotations

import pytest

from podd.core.pod.waiting import Command
from podd.core.session import entries as e
from tests.core.turn.family import begun, over, running_command, working
from tests.core.turn.host import (
    CANCEL,
    NOW,
    RESTORED,
    Host,
    call,
    finished,
    kinds,
    queued,
    request,
)


def _calling() -> Host:
    host = working()
    host.answers(call("bash"))
    return host


def _idle() -> Host:
    host = running_command()
    host.answers("Begun.")
    return host


def test_a_command_bears_the_name_of_its_call():
    host = _calling()

    decision = host.decide(begun("t1.1.1"))

    assert decision.entries == (
        e.CommandStarted(
            turn="t1",
            call="t1.1.1",
            command="t1.1.1",
            text="make",
            output="/outputs/t1.1.1",
        ),
    )
    assert decision.effects == ()
    at = host.entries[-1].at
    assert host.state.commands == {
        "t1.1.1": Command("t1.1.1", "t1.1.1", "make", "/outputs/t1.1.1", at)
    }


def test_a_command_does_not_hold_its_turn_up():
    host = _calling()
    host.tell(begun("t1.1.1"))

    assert host.tell(finished("t1.1.1")).effects == [request(2)]
    assert host.answers("Begun.").kinds == ["model_responded", "turn_ended"]
    assert list(host.state.commands) == ["t1.1.1"]


@pytest.mark.parametrize("over_now", [CANCEL, finished("t1.1.1")])
def test_a_command_of_a_call_that_is_over_is_stale(over_now):
    host = _calling()
    host.tell(over_now)

    assert host.decide(begun("t1.1.1")).verdict == "stale"


def test_a_call_begins_one_command():
    host = _calling()
    host.tell(begun("t1.1.1"))

    assert host.decide(begun("t1.1.1")).verdict == "stale"
    assert host.decide(begun("t1.1.9")).verdict == "stale"


def test_the_end_of_a_command_wakes_an_idle_pod():
    host = _idle()

    heard = host.tell(over("t1.1.1", end="signalled", status=9, reason="memory"))

    assert heard.kinds == ["command_ended", "turn_started", "step_started"]
    ended = heard.entries[0]
    assert (ended.end, ended.status, ended.reason) == ("signalled", 9, "memory")
    assert (ended.cause, ended.rendered) == ("c2", "t1.1.1: signalled 9 memory")
    assert heard.entries[1].causes == ("c2",)
    assert host.texts()[-1] == "notification: t1.1.1: signalled 9 memory"
    assert host.state.commands == {}


def test_the_end_of_a_command_reaches_the_turn_that_runs():
    host = running_command()
    assert host.tell(over("t1.1.1")).kinds == ["command_ended"]
    assert [(c.kind, c.origin) for c in host.state.waiting] == [("command", "t1.1.1")]

    assert host.answers("Done.").kinds == [
        *("model_responded", "causes_taken", "step_started"),
    ]


def test_an_end_that_a_result_tells_is_no_cause():
    """The model has stopped it itself."""
    host = _idle()

    heard = host.tell(over("t1.1.1", end="stopped", told=True))

    assert heard.kinds == ["command_ended"]
    assert (heard.entries[0].cause, heard.entries[0].rendered) == (None, "")
    assert host.state.causes == 1


def test_a_command_ends_once_and_a_foreign_one_never_began():
    host = _idle()
    host.tell(over("t1.1.1"))

    assert host.decide(over("t1.1.1")).verdict == "stale"
    assert host.decide(over("t9.1.1")).verdict == "stale"


def test_commands_that_end_together_are_told_in_one_turn():
    host = working()
    host.answers(call("bash"), call("bash"))
    for name in ("t1.1.1", "t1.1.2"):
        host.tell(begun(name))
    for name in ("t1.1.1", "t1.1.2"):
        host.tell(finished(name))
    host.answers("Begun.")
    host.decide(over("t1.1.1"))

    heard = host.tell(over("t1.1.2"))

    assert heard.kinds == ["command_ended", "turn_started", "step_started"]
    assert heard.entries[1].causes == ("c2", "c3")


@pytest.mark.parametrize("begin", [running_command, _idle])
def test_a_crash_loses_commands_and_the_model_is_told(begin):
    host = begin().crash()

    heard = host.tell(RESTORED)

    (lost,) = [en for en in heard.entries if isinstance(en, e.CommandEnded)]
    assert (lost.end, lost.status, lost.cause) == ("lost", 0, "c2")
    assert lost.rendered.startswith("t1.1.1: lost 0 ")
    assert host.state.commands == {}
    again = host.crash()
    assert "command_ended" not in again.tell(RESTORED).kinds


def test_several_that_are_lost_are_causes_of_their_own():
    host = working()
    host.answers(call("bash"), call("bash"))
    host.tell(begun("t1.1.1"))
    host.tell(begun("t1.1.2"))
    host.tell(queued("next"))
    restored = host.crash()

    entries = restored.decide(RESTORED).entries

    assert kinds(entries) == [
        *("pod_started", "tool_result", "tool_result"),
        *("command_ended", "command_ended"),
    ]
    assert [entry.cause for entry in entries[-2:]] == ["c3", "c4"]


def test_commands_outlive_a_cancelled_turn_and_end_with_their_pod():
    host = running_command()
    host.tell(CANCEL)
    assert list(host.state.commands) == ["t1.1.1"]

    host.tell(NOW)
    assert host.decide(over("t1.1.1")).verdict == "stale"
    restored = host.crash()
    told = restored.tell(RESTORED)
    assert told.kinds == ["pod_started", "command_ended"]
    (ended,) = [en for en in told.entries if isinstance(en, e.CommandEnded)]
    assert ended.end == "stopped"
    assert [(c.cause, c.wakes) for c in restored.state.waiting] == [("c2", False)]
