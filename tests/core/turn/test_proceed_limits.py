"""The one more step that a limit grants, and how its turn ends."""

from __future__ import annotations

from podd.core.context.conversation import ReasoningPart
from podd_protocol.values import Failed, Limited
from tests.core.turn.host import (
    RESTORED,
    SETTINGS,
    Host,
    at_most,
    call,
    finished,
    queued,
    request,
    steered,
)


def _asking() -> Host:
    return Host.after(queued("work"))


def _in_last_step() -> Host:
    host = _asking()
    for step in range(1, SETTINGS.max_steps + 1):
        host.answers(call("read_file"))
        host.tell(finished(f"t1.{step}.1"))
    return host


def _outcome(host: Host):
    assert host.state.turn is None
    return host.state.last_outcome


def test_at_the_step_limit_the_model_gets_one_more_step_without_tools():
    host = _asking()
    for step in (1, 2):
        host.answers(call("read_file"))
        host.tell(finished(f"t1.{step}.1"))
    host.answers(call("read_file"))

    heard = host.tell(finished("t1.3.1"))

    assert heard.kinds == ["tool_result", "limit_reached", "step_started"]
    assert heard.entries[-1].last
    assert heard.effects == [request(4, offer_tools=False)]
    assert host.texts()[-1] == "notice: steps: 3, hand over"


def test_the_last_step_ends_the_turn_as_limited_whatever_it_says():
    host = _in_last_step()
    heard = host.answers("So far: ...")

    assert heard.kinds == ["model_responded", "turn_ended"]
    assert _outcome(host) == Limited(limit="steps")
    assert heard.entries[-1].text == "So far: ..."

    silent = _in_last_step()
    silent.answers(ReasoningPart("Hm."))
    assert _outcome(silent) == Limited(limit="steps")


def test_calls_in_the_last_step_are_denied():
    host = _in_last_step()

    heard = host.answers("One more", call("read_file"), call("rm"))

    assert heard.kinds == [
        "model_responded",
        "tool_result",
        "tool_result",
        "turn_ended",
    ]
    assert {(r.status, r.summary) for r in heard.entries[1:3]} == {
        ("denied", "no tools left")
    }
    assert heard.effects == []
    assert _outcome(host) == Limited(limit="steps")


def test_a_failed_last_step_says_what_failed():
    host = _in_last_step()
    host.fails("overloaded")

    assert _outcome(host) == Failed(code="overloaded", message="no")


def test_a_last_step_that_a_crash_interrupted_is_the_last_step_again():
    host = _in_last_step().crash()

    heard = host.tell(RESTORED)

    assert heard.effects == [request(4, attempt=2, offer_tools=False)]
    assert heard.entries[-1].last


def test_each_turn_has_its_own_steps():
    host = _in_last_step()
    host.answers("So far.")

    assert host.tell(queued("go on")).effects == [request(1, turn="t2")]


def test_the_limit_counts_steps_that_late_inputs_asked_for():
    settings = at_most(1)
    host = Host.after(queued("work"), settings=settings)
    host.tell(steered("also"))

    heard = host.answers("Done.")

    assert heard.kinds == [
        "model_responded",
        "causes_taken",
        "limit_reached",
        "step_started",
    ]
    assert heard.effects == [request(2, offer_tools=False)]
