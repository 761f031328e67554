"""Questions to people and to the parent: a call that stays open until its answer."""

from __future__ import annotations

import pytest

from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.pending import pending
from tests.core.turn.family import ROOT, SETTINGS, ask, bash, too_late, until_answered
from tests.core.turn.family import working as _working
from tests.core.turn.host import (
    CANCEL,
    DRAIN,
    NOW,
    OVER,
    PAUSE,
    RESTORED,
    RESUME,
    Host,
    call,
    finished,
    request,
    run,
)

LATE = too_late("question", "t1.1.1")


def reply(text: str = "Because.", name: str = "t1.1.1", by: str = "user"):
    return i.QuestionReplied(question=name, text=text, by=by)


def _asking(who: str = "ask_user") -> Host:
    host = _working()
    host.answers(ask(who))
    return host


# Asking


@pytest.mark.parametrize(
    ("who", "to"), [("ask_user", "user"), ("ask_parent", "parent")]
)
def test_a_question_is_journalled_with_its_call_and_its_limit(who, to):
    host = _working()

    heard = host.answers(ask(who, "Which one?", "left", "right"))

    assert heard.kinds == ["model_responded", "tool_started", "question_asked"]
    asked = heard.entries[2]
    assert asked == e.QuestionAsked(
        n=asked.n,
        at=asked.at,
        seq=asked.seq,
        elapsed=asked.elapsed,
        pod="p",
        question="t1.1.1",
        text="Which one?",
        choices=("left", "right"),
        to=to,
        wait_seconds=60.0,
    )
    assert heard.effects == [until_answered("t1.1.1")]
    assert host.tell(i.Proceeded()).entries == []


def test_a_question_of_ours_is_no_cause_for_ourselves():
    host = _asking("ask_parent")

    assert host.state.waiting == []
    assert host.state.causes == 1


def test_a_pod_without_a_parent_is_told_so():
    heard = _working(settings=ROOT).answers(ask("ask_parent"))

    assert heard.kinds == ["model_responded", "tool_result", "step_started"]
    assert heard.entries[1].status == "error"
    assert "no parent" in heard.entries[1].summary


@pytest.mark.parametrize(
    "arguments",
    [
        "{}",
        '{"question":""}',
        '{"question":7}',
        '{"question":"Why?","choices":"all"}',
        '{"question":"Why?","choices":[1]}',
        '{"question":"Why?","urgent":true}',
        f'{{"question":"{"x" * 20_000}"}}',
    ],
)
@pytest.mark.parametrize("who", ["ask_user", "ask_parent"])
def test_a_question_that_is_none_is_an_error_and_nobody_is_asked(who, arguments):
    heard = _working().answers(call(who, arguments))

    assert heard.kinds == ["model_responded", "tool_result", "step_started"]
    assert heard.entries[1].status == "error"
    assert heard.entries[1].summary.startswith(f"{who}: ")


# Answers


@pytest.mark.parametrize(
    ("who", "by", "summary"),
    [
        ("ask_user", "user", "the user answered"),
        ("ask_parent", "parent", "your parent answered"),
    ],
)
def test_the_answer_is_the_result_of_the_call(who, by, summary):
    host = _asking(who)

    heard = host.tell(reply("Because.", by=by))

    assert heard.kinds == ["question_answered", "tool_result", "step_started"]
    assert (heard.entries[0].text, heard.entries[0].by) == ("Because.", by)
    result = heard.entries[1]
    assert (result.status, result.summary) == ("ok", summary)
    assert result.output == "Because."
    assert heard.effects == [request(2)]
    assert host.state.questions == {}


def test_the_next_step_waits_for_the_answer_and_the_answer_for_the_other_calls():
    host = _working()
    host.answers(ask(), call("read_file"), ask("ask_parent"))

    assert host.tell(finished("t1.1.2")).kinds == ["tool_result"]
    assert host.tell(reply(name="t1.1.3")).kinds == ["question_answered", "tool_result"]
    last = host.tell(reply())

    assert last.effects == [request(2)]
    assert host.texts()[-3:] == ["t1.1.1: ok", "t1.1.2: ok", "t1.1.3: ok"]


@pytest.mark.parametrize("name", ["t1.1.2", "t9.1.1", ""])
def test_an_answer_to_no_question_is_refused(name):
    host = _asking()

    assert host.decide(reply(name=name)).refusal == "no_such_question"
    assert list(host.state.questions) == [("p", "t1.1.1")]


@pytest.mark.parametrize("first", [reply(), LATE, CANCEL])
def test_a_second_answer_is_refused(first):
    host = _asking()
    host.tell(first)

    decision = host.decide(reply("Or so."))

    assert decision.refusal == "no_such_question"
    assert decision.entries == ()
    assert host.decide(LATE).verdict == "stale"


def test_no_tool_ends_a_call_that_asks():
    host = _asking()

    assert host.decide(finished("t1.1.1")).verdict == "unknown"
    assert host.tell(reply()).entries[1].status == "ok"


# Time, pause, cancel, stop


@pytest.mark.parametrize(
    ("who", "summary"),
    [("ask_user", "user silent for 60 s"), ("ask_parent", "parent silent for 60 s")],
)
def test_a_question_that_nobody_answers_ends_at_its_limit(who, summary):
    """Promise 8."""
    host = _asking(who)

    heard = host.tell(LATE)

    assert heard.kinds == ["question_answered", "tool_result", "step_started"]
    assert (heard.entries[0].by, heard.entries[0].text) == ("limit", "")
    assert heard.entries[1].status == "error"
    assert heard.entries[1].summary == summary
    assert heard.entries[1].output == ""


def test_the_limit_of_one_question_is_not_that_of_another():
    host = _working()
    host.answers(ask(), ask("ask_parent"))
    host.tell(too_late("question", "t1.1.2"))

    assert list(host.state.questions) == [("p", "t1.1.1")]
    assert host.decide(too_late("approval", "t1.1.1")).verdict == "stale"
    assert host.decide(too_late("wait", "t1.1.1")).verdict == "stale"


def test_a_cancel_ends_the_question():
    host = _asking()

    heard = host.tell(CANCEL)

    assert heard.kinds == ["question_answered", "tool_result", "turn_ended"]
    assert (heard.entries[0].by, heard.entries[0].text) == ("cancel", "")
    assert heard.entries[1].status == "interrupted"
    assert heard.effects == []
    assert host.state.questions == {}


def test_an_answer_in_a_pause_is_kept_and_the_step_waits():
    host = _asking()
    host.tell(PAUSE)

    assert host.tell(reply()).kinds == ["question_answered", "tool_result"]
    assert host.tell(RESUME).effects == [request(2)]


def test_a_drain_waits_for_an_answer_as_long_as_it_may():
    host = _asking()
    assert host.tell(DRAIN).kinds == ["stop_requested"]
    assert host.copy().tell(reply()).effects == [request(2)]

    heard = host.tell(OVER)

    assert heard.kinds == ["question_answered", "tool_result", "session_closed"]
    assert heard.effects == [f.EndPod(mode="now")]


def test_a_pod_that_ends_now_asks_no_more():
    heard = _asking().tell(NOW)

    assert heard.entries[1].by == "cancel"
    assert heard.kinds[2:] == ["tool_result", "session_closed"]


# Permission


def test_a_question_may_itself_need_approval():
    host = _working()
    host.settings = type(SETTINGS)(
        max_steps=5,
        repeatable=(),
        texts=SETTINGS.texts,
        permission=lambda tool, _arguments: SETTINGS.permission(
            "bash", {"command": tool}
        ),
    )

    assert host.answers(ask()).kinds == ["model_responded", "approval_requested"]
    heard = host.tell(i.ApprovalGiven(call="t1.1.1", verdict="approved"))

    assert heard.kinds == ["approval_resolved", "tool_started", "question_asked"]
    assert heard.effects == [until_answered("t1.1.1", 600.0)]


def test_approvals_and_questions_wait_side_by_side():
    host = _working()

    heard = host.answers(ask(), bash())

    assert heard.kinds[1:] == ["tool_started", "question_asked", "approval_requested"]
    assert len(pending(host.state)) == 2


# Restore


def test_a_question_is_still_open_after_a_restore_and_can_be_answered():
    """Promise 2."""
    host = _asking().crash()

    heard = host.tell(RESTORED)

    assert heard.kinds == ["pod_started"]
    assert heard.effects == [until_answered("t1.1.1")]
    assert host.tell(reply()).kinds == [
        *("question_answered", "tool_result", "step_started"),
    ]


def test_a_question_that_a_crash_kept_from_being_asked_is_asked_then():
    """The process ended between the start of the call and its question."""
    host = _asking()
    restored = Host.restored(host.entries[:-1], SETTINGS)
    assert pending(restored.state) == ()

    heard = restored.tell(RESTORED)

    assert heard.kinds == ["pod_started", "question_asked"]
    assert heard.effects == [until_answered("t1.1.1")]


@pytest.mark.parametrize(
    ("fact", "status"), [(reply(), "ok"), (LATE, "error"), (CANCEL, "interrupted")]
)
def test_an_end_that_a_crash_followed_still_becomes_the_result(fact, status):
    """The process ended between the end of the question and the result."""
    host = _asking()
    answered = host.tell(fact).entries[0]
    kept = host.entries[: host.entries.index(answered) + 1]
    restored = Host.restored(kept, SETTINGS)
    assert pending(restored.state) == ()

    heard = restored.tell(RESTORED)

    assert heard.kinds == ["pod_started", "tool_result", "step_started"]
    assert heard.entries[1].status == status
    assert heard.effects == [request(2)]


def test_a_drain_does_not_close_over_an_answer_that_has_no_result_yet():
    host = _asking()
    host.tell(DRAIN)
    host.decide(reply())

    assert host.tell(i.Proceeded()).kinds == ["tool_result", "step_started"]


def test_a_tool_call_beside_a_question_is_run():
    assert _working().answers(ask(), call("read_file")).effects == [
        until_answered("t1.1.1"),
        run("t1.1.2"),
    ]
