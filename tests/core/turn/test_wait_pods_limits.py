"""When `wait_pods` refuses, ends without what it waits for, or is interrupted."""

from __future__ import annotations

import pytest

from podd.core.turn import inputs as i
from tests.core.turn.family import (
    SETTINGS,
    ended,
    parent_of,
    read,
    result_of,
    too_late,
    until_done,
    wait,
    waiting_for,
)
from tests.core.turn.host import (
    CANCEL,
    DRAIN,
    OVER,
    PAUSE,
    RESTORED,
    RESUME,
    Host,
    call,
    request,
)

LATE = too_late("wait", "t1.2.1")


# What cannot be waited for


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ('{"names":["b"]}', "no child b"),
        ('{"names":["a","b","c"]}', "no child b, c"),
        ('{"names":["p"]}', "no child p"),
        ('{"names":["a.x"]}', "no child a.x"),
        ('{"names":[]}', "names"),
        ('{"names":"a"}', "names"),
        ("{}", "names"),
        ('{"names":["a"],"until":"some"}', "until"),
        ('{"names":["a"],"timeout_seconds":0}', "timeout_seconds"),
        ('{"names":["a"],"timeout_seconds":1e9}', "timeout_seconds"),
        ('{"names":["a"],"timeout_seconds":"5"}', "timeout_seconds"),
        ('{"names":["a"],"limit":5}', "limit"),
    ],
)
def test_a_wait_that_makes_no_sense_is_an_error(arguments, problem):
    host = parent_of("a")
    below = i.BelowNews(news="spawned", pod="p.a.x", session="s-a.x", parent="p.a")
    host.tell(read(host, ("a", below)))

    heard = host.answers(call("wait_pods", arguments))

    assert heard.kinds[:2] == ["model_responded", "tool_result"]
    assert heard.entries[1].status == "error"
    assert heard.entries[1].summary.startswith("wait_pods: ")
    assert problem in heard.entries[1].summary


# Time, pause, cancel, stop, restore


def test_a_wait_ends_at_its_limit_and_says_how_far_it_came():
    """Promise 8."""
    host = waiting_for("a", "b", timeout_seconds=1.5)
    host.tell(read(host, ended("a", text="A.")))

    heard = host.tell(LATE)

    assert heard.kinds == ["tool_result", "step_started"]
    result = result_of(heard)
    assert (result.status, result.summary) == ("ok", "1.5 s are over; 1 of 2 pods done")
    assert result.output == "a t1: A.\n\np.b running"
    assert result.causes == ("c2",)
    assert host.decide(LATE).verdict == "stale"


def test_a_limit_of_something_else_does_not_end_a_wait():
    host = parent_of("a")
    host.answers(wait("a"), call("read_file"))

    for fact in (
        too_late("wait", "t1.2.2"),
        too_late("question", "t1.2.1"),
        too_late("approval", "t1.2.1"),
        too_late("wait", ""),
    ):
        assert host.decide(fact).verdict == "stale"


def test_a_wait_in_a_pause_is_answered_and_the_step_waits():
    host = waiting_for("a")
    host.tell(PAUSE)

    assert host.tell(read(host, ended("a"))).kinds == ["child_news", "tool_result"]
    assert host.tell(RESUME).effects == [request(3)]


def test_a_cancel_ends_the_wait_and_what_comes_later_is_a_cause():
    host = waiting_for("a")

    assert host.tell(CANCEL).kinds == ["tool_result", "turn_ended"]
    heard = host.tell(read(host, ended("a")))

    assert heard.kinds == ["child_news", "turn_started", "step_started"]


def test_a_drain_interrupts_a_wait_at_its_end():
    host = waiting_for("a")
    assert host.tell(DRAIN).kinds == ["stop_requested"]

    assert host.tell(OVER).kinds == ["tool_result", "session_closed"]


def test_a_wait_goes_on_after_a_restore():
    """Promise 2."""
    host = waiting_for("a", timeout_seconds=5).crash()

    heard = host.tell(RESTORED)

    assert heard.kinds == ["pod_started"]
    assert until_done("t1.2.1", 5.0) in heard.effects
    assert result_of(host.tell(read(host, ended("a")))).output == "a t1: Done."


def test_a_wait_that_had_what_it_waits_for_when_the_pod_crashed_ends_at_once():
    host = waiting_for("a")
    host.decide(read(host, ended("a")))
    host = host.crash()

    heard = host.tell(RESTORED)

    assert heard.kinds == ["pod_started", "tool_result", "step_started"]


def test_a_wait_that_was_cut_off_behind_its_result_tells_nothing_twice():
    host = waiting_for("a")
    heard = host.tell(read(host, ended("a")))
    kept = host.entries[: host.entries.index(result_of(heard)) + 1]
    restored = Host.restored(kept, SETTINGS)

    assert restored.tell(RESTORED).kinds == ["pod_started", "step_started"]
    assert restored.state.waiting == []


def test_what_came_before_the_wait_is_told_by_it():
    host = parent_of("a", "b")
    host.tell(read(host, ended("a", text="A.")))
    assert host.answers(wait("a", "b")).kinds == ["model_responded", "tool_started"]

    result = result_of(host.tell(read(host, ended("b", text="B."))))

    assert result.output == "a t1: A.\n\nb t1: B."
    assert result.causes == ("c2", "c3")
