"""Whole runs with children, people and commands, entry by entry, effect by effect."""

from __future__ import annotations

from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from tests.core.turn.family import (
    accepted,
    ask,
    asks,
    bash,
    begun,
    ended,
    family,
    gone,
    idle_parent_of,
    over,
    planned,
    read,
    ready,
    until_answered,
    until_approved,
    until_done,
    wait,
    working,
)
from tests.core.turn.host import (
    CANCEL,
    RESTORED,
    Host,
    call,
    finished,
    queued,
    request,
    run,
)

SPAWN = f.RunTool(
    turn="t1",
    step=1,
    call="t1.1.1",
    name="spawn_pod",
    arguments="{}",
    repeatable=True,
)


def _trace(host: Host, *facts) -> list[tuple[list[str], list[f.Effect]]]:
    """What each fact leads to. A tuple of parts is an answer of the model."""
    found = []
    for fact in facts:
        made = fact(host) if callable(fact) else fact
        heard = host.answers(*made) if isinstance(made, tuple) else host.tell(made)
        found.append((heard.kinds, heard.effects))
    return found


def test_trace_of_a_child_from_its_loan_to_its_return():
    facts = (
        queued("work"),
        (call("spawn_pod"),),
        planned("a", "t1.1.1"),
        ready("a"),
        accepted("a", "t1.1.1"),
        finished("t1.1.1"),
        (wait("a"),),
        lambda host: read(host, ended("a")),
        (call("spawn_pod"),),
        gone("a", told=True),
        finished("t1.3.1"),
        ("Done.",),
    )

    assert _trace(family(), *facts) == [
        (["input_accepted", "turn_started", "step_started"], [request(1)]),
        (["model_responded", "tool_started"], [SPAWN]),
        (["loan_intended"], []),
        (["loan_made"], [f.WatchChild(session="s-a")]),
        (["task_given"], []),
        (["tool_result", "step_started"], [request(2)]),
        (["model_responded", "tool_started"], [until_done("t1.2.1")]),
        (["child_news", "tool_result", "step_started"], [request(3)]),
        (
            ["model_responded", "tool_started"],
            [_spawn_in_step_3()],
        ),
        (["loan_returned"], []),
        (["tool_result", "step_started"], [request(4)]),
        (["model_responded", "turn_ended"], []),
    ]


def _spawn_in_step_3() -> f.RunTool:
    return f.RunTool(
        turn="t1",
        step=3,
        call="t1.3.1",
        name="spawn_pod",
        arguments="{}",
        repeatable=True,
    )


def test_trace_of_two_children_that_wake_their_parent():
    host = idle_parent_of("a", "b")

    assert _trace(
        host,
        lambda host: read(host, ended("a"), ended("b")),
        gone("b", "crashed"),
        ("Good.",),
        ("I see.",),
    ) == [
        (
            ["child_news", "child_news", "turn_started", "step_started"],
            [request(1, turn="t2")],
        ),
        (["loan_returned"], []),
        (["model_responded", "causes_taken", "step_started"], [request(2, turn="t2")]),
        (["model_responded", "turn_ended"], []),
    ]


def test_trace_of_a_question_of_a_child():
    host = idle_parent_of("a")

    assert _trace(
        host,
        lambda host: read(host, asks("a")),
        (call("send_to_pod"),),
        accepted("a", "t2.1.1", "t1"),
        finished("t2.1.1"),
        (wait("a"),),
    ) == [
        (
            ["question_asked", "turn_started", "step_started"],
            [request(1, turn="t2")],
        ),
        (["model_responded", "tool_started"], [run("t2.1.1", "send_to_pod")]),
        ([], []),
        (["tool_result", "step_started"], [request(2, turn="t2")]),
        (
            ["model_responded", "tool_started", "tool_result", "step_started"],
            [until_done("t2.2.1"), request(3, turn="t2")],
        ),
    ]


def test_trace_of_calls_that_wait_for_people():
    host = working()

    assert _trace(
        host,
        (bash(), ask(), call("read_file"), bash("sudo x")),
        finished("t1.1.3"),
        i.QuestionReplied(question="t1.1.2", text="Because."),
        i.ApprovalGiven(call="t1.1.1", verdict="approved"),
        finished("t1.1.1"),
    ) == [
        (
            [
                "model_responded",
                "approval_requested",
                "tool_started",
                "question_asked",
                "tool_started",
                "tool_result",
            ],
            [until_approved("t1.1.1"), until_answered("t1.1.2"), run("t1.1.3")],
        ),
        (["tool_result"], []),
        (["question_answered", "tool_result"], []),
        (
            ["approval_resolved", "tool_started"],
            [run("t1.1.1", "bash", '{"command":"rm x"}')],
        ),
        (["tool_result", "step_started"], [request(2)]),
    ]


def test_trace_of_a_command_of_the_background():
    host = working()

    assert _trace(
        host,
        (call("bash"),),
        begun("t1.1.1"),
        finished("t1.1.1"),
        ("Begun.",),
        over("t1.1.1"),
    ) == [
        (["model_responded", "tool_started"], [run("t1.1.1", "bash")]),
        (["command_started"], []),
        (["tool_result", "step_started"], [request(2)]),
        (["model_responded", "turn_ended"], []),
        (["command_ended", "turn_started", "step_started"], [request(1, turn="t2")]),
    ]


def test_trace_of_a_crash_with_all_of_it_open():
    host = working()
    host.answers(call("spawn_pod"), wait("a"), bash(), ask(), call("bash"))
    host.tell(planned("a", "t1.1.1"))
    host.tell(begun("t1.1.5"))

    assert _trace(host.crash(), RESTORED) == [
        (
            ["pod_started", "tool_result", "command_ended"],
            [
                SPAWN,
                until_approved("t1.1.3"),
                until_answered("t1.1.4"),
                f.WatchChild(session="s-a"),
            ],
        )
    ]


def test_trace_of_a_cancel_with_all_of_it_open():
    host = working()
    host.answers(call("spawn_pod"), bash(), ask())
    host.tell(planned("a", "t1.1.1"))

    assert _trace(host, CANCEL, gone("a", "not_started")) == [
        (
            [
                *("approval_resolved", "question_answered"),
                *("tool_result", "tool_result", "tool_result", "turn_ended"),
            ],
            [f.CancelTool(call="t1.1.1")],
        ),
        (["loan_returned"], []),
    ]
