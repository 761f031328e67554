"""Code of the model: what it leads to, what it calls, and how it ends."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.permission import Permission
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.pending import pending
from podd_protocol.values import Completed, Limited
from tests.core.turn import family
from tests.core.turn.host import (
    CODING,
    RESTORED,
    Host,
    block,
    call,
    code_called,
    code_over,
    coding,
    finished,
    queued,
    run,
    steered,
)
from tests.core.turn.situations import answered

ASKED = msgspec.structs.replace(
    CODING,
    permission=lambda tool, _: Permission("ask" if tool == "write_file" else "allow"),
)


def _code(code: str = "look()\n", step: int = 1) -> f.RunCode:
    return f.RunCode(turn="t1", step=step, code=code)


def _working(settings=CODING) -> Host:
    return Host.after(queued("work"), settings=settings)


# What an answer leads to


def test_the_model_is_offered_no_tools_and_its_code_is_run():
    host = Host.after(settings=CODING)
    (request,) = host.tell(queued("work")).effects
    assert not request.offer_tools
    assert not host.entries[-1].offer_tools
    assert host.entries[-1].request == host.state.request_digest(offer_tools=False)

    heard = host.answers(block())

    assert heard.kinds == ["model_responded", "code_started"]
    assert heard.entries[1].code == "look()\n"
    assert heard.effects == [_code()]


def test_what_came_of_code_is_told_to_the_model():
    host = coding()

    heard = host.tell(code_over(output="42\n", spilled_to="/out"))

    assert heard.kinds == ["code_ended", "step_started"]
    assert host.texts()[-1] == "code: code ok: ran\n42\n"


def test_prose_alone_is_the_end():
    ended = _working().answers("Done.").entries[-1]

    assert (ended.outcome, ended.text) == (Completed(), "Done.")


@pytest.mark.parametrize("text", ["```\nx\n```", block("x", "sh"), block(" ", "py")])
def test_what_is_no_python_is_prose(text):
    assert _working().answers(text).kinds == ["model_responded", "turn_ended"]


def test_code_of_an_answer_that_was_cut_is_not_run():
    host = _working()

    heard = host.answers(block(), stop_reason="output_limit")

    assert heard.kinds == ["model_responded", "turn_ended"]
    assert host.state.last_outcome == Limited(limit="output_tokens")


def test_code_in_the_last_step_is_not_run():
    host = _working(msgspec.structs.replace(CODING, max_steps=1))
    host.answers(block())
    host.tell(code_over())

    assert host.answers(block()).kinds == ["model_responded", "turn_ended"]
    assert host.state.last_outcome == Limited(limit="steps")


def test_a_call_that_no_code_makes_is_refused_with_its_reason():
    heard = _working().answers(block(), call("read_file"))

    assert heard.kinds == ["model_responded", "tool_result", "step_started"]
    assert heard.entries[1].status == "error"
    assert heard.entries[1].summary.endswith("here tools are called by code")


# Calls


def test_a_call_of_code_is_an_entry_a_start_and_a_result_and_no_word_to_the_model():
    host = coding()

    heard = host.tell(code_called(arguments='{"path":"a"}'))

    assert heard.kinds == ["tool_called", "tool_started"]
    assert heard.effects == [run("t1.1.1", arguments='{"path":"a"}')]
    assert host.tell(finished("t1.1.1", output="text")).kinds == ["tool_result"]
    assert host.state.turn.returned["t1.1.1"].output == "text"
    host.tell(code_over())
    assert host.texts()[-1] == "code: code ok: ran"
    assert not any(line.startswith("t1.1.1") for line in host.texts())


def test_calls_run_side_by_side_and_are_numbered_in_their_step():
    host = coding("read_file", "write_file")
    assert pending(host.state) == (
        run("t1.1.1"),
        run("t1.1.2", "write_file"),
        _code(),
    )
    host.tell(finished("t1.1.2"))
    host.tell(code_called())

    assert list(host.state.turn.calls) == ["t1.1.1", "t1.1.3"]


@pytest.mark.parametrize(
    ("name", "arguments", "status"),
    [("rm", "{}", "error"), ("read_file", "[]", "error")],
)
def test_a_call_that_cannot_be_run_has_its_result_at_once(name, arguments, status):
    host = coding()

    heard = host.tell(code_called(name=name, arguments=arguments))

    assert heard.kinds == ["tool_called", "tool_result"]
    assert heard.effects == []
    assert host.state.turn.returned["t1.1.1"].status == status


@pytest.mark.parametrize("where", [{"step": 2}, {"step": 0}, {"turn": "t9"}])
@pytest.mark.parametrize("make", [code_called, code_over])
def test_what_other_code_does_counts_for_nothing(make, where):
    host = coding("read_file")

    decision = host.decide(make(**{"step": 1, **where}))

    assert (decision.verdict, decision.entries, decision.effects) == ("stale", (), ())


@pytest.mark.parametrize("make", [code_called, code_over])
def test_what_ended_code_does_counts_for_nothing(make):
    host = coding()
    host.tell(code_over())
    assert host.decide(make()).verdict == "stale"
    host.answers(block())

    assert host.decide(make()).verdict == "stale"
    assert host.decide(make(step=2)).verdict == "take"


def test_a_result_of_a_call_of_code_is_told_apart_like_any_other():
    host = coding("read_file")
    host.tell(finished("t1.1.1"))
    assert host.decide(finished("t1.1.1")).verdict == "duplicate"
    assert host.decide(finished("t1.1.2")).verdict == "unknown"
    host.tell(code_over())
    host.answers(block())

    assert host.decide(finished("t1.1.1")).verdict == "stale"


def test_calls_that_ended_code_has_left_are_stopped_and_what_they_ask_is_taken_back():
    host = coding("read_file", "write_file", settings=ASKED)
    assert list(host.state.approvals) == [("", "t1.1.2")]

    heard = host.tell(code_over())

    assert heard.kinds == [
        *("approval_resolved", "tool_result", "tool_result"),
        *("code_ended", "step_started"),
    ]
    assert heard.entries[0].by == "cancel"
    assert {one.status for one in heard.entries[1:3]} == {"interrupted"}
    assert heard.effects[0] == f.CancelTool(call="t1.1.1")
    assert f.CancelCode() not in heard.effects
    assert host.state.approvals == {}


def test_people_decide_about_a_call_of_code():
    host = coding("write_file", settings=ASKED)
    assert pending(host.state) == (
        f.SetDeadline(deadline="approval", seconds=600.0, call="t1.1.1"),
        _code(),
    )

    heard = host.tell(i.ApprovalGiven(call="t1.1.1", verdict="approved"))

    assert heard.kinds == ["approval_resolved", "tool_started"]
    denied = coding("write_file", settings=ASKED)
    denied.tell(i.ApprovalGiven(call="t1.1.1", verdict="denied", reason="no"))
    assert denied.state.turn.returned["t1.1.1"].status == "denied"


# The tools that wait


def _family_coding() -> Host:
    settings = msgspec.structs.replace(family.SETTINGS, driver=CODING.driver)
    host = family.working(settings=settings)
    host.answers(block())
    return host


def test_code_can_ask_the_user():
    host = _family_coding()
    heard = host.tell(code_called(name="ask_user", arguments='{"question":"Why?"}'))
    assert heard.kinds == ["tool_called", "tool_started", "question_asked"]

    heard = host.tell(i.QuestionReplied(question="t1.1.1", text="Because."))

    assert heard.kinds == ["question_answered", "tool_result"]
    assert host.state.turn.returned["t1.1.1"].output == "Because."


def test_code_can_wait_for_its_children():
    host = _family_coding()
    host.tell(code_called(name="spawn_pod"))
    for fact in (
        family.planned("a", "t1.1.1"),
        family.ready("a"),
        family.accepted("a", "t1.1.1"),
        finished("t1.1.1"),
    ):
        host.tell(fact)
    heard = host.tell(code_called(name="wait_pods", arguments='{"names":["a"]}'))
    assert heard.effects == [family.until_done("t1.1.2")]

    heard = host.tell(family.read(host, family.ended("a", text="A.")))

    assert heard.kinds == ["child_news", "tool_result"]
    assert host.state.turn.returned["t1.1.2"].output == "a t1: A."
    assert host.state.waiting == []


# Submitting


def test_what_is_submitted_is_the_value_of_the_turn():
    ended = coding().tell(code_over(submitted=True, value=[1])).entries[-1]

    assert (ended.outcome, ended.value) == (Completed(), [1])


def test_what_arrived_meanwhile_comes_before_what_was_submitted():
    """Before completion: the model may have to think again."""
    host = coding()
    host.tell(steered("not so"))

    heard = host.tell(code_over(submitted=True, value=1))

    assert heard.kinds == ["code_ended", "causes_taken", "step_started"]
    assert heard.entries[1].checkpoint == "before_completion"
    ended = host.answers("I see.").entries[-1]
    assert (ended.outcome, ended.value) == (Completed(), None)


def test_a_crash_between_submitting_and_the_end_changes_nothing():
    host = coding()
    host.decide(code_over(submitted=True, value=1))
    host = host.crash()

    ended = host.tell(RESTORED).entries[-1]

    assert (ended.outcome, ended.value) == (Completed(), 1)


def test_a_crash_between_the_last_answer_and_the_end_changes_nothing():
    host = coding()
    host.tell(code_over())
    answered(host, "Done.")
    host = host.crash()

    heard = host.tell(RESTORED)

    assert heard.kinds == ["pod_started", "interpreter_lost", "turn_ended"]
    host.tell(queued("next"))
    assert host.texts()[-2:] == ["notification: names are gone", "user: next"]
