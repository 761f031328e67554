"""`wait_pods`: what it waits for, what it tells, and that nothing is told twice."""

from __future__ import annotations

import pytest

from podd.core.turn import inputs as i
from podd.core.turn.pending import pending
from podd_protocol.values import Failed
from tests.core.turn.family import (
    accepted,
    answered_below,
    asks,
    ended,
    gone,
    parent_of,
    planned,
    read,
    result_of,
    until_done,
    wait,
    waiting_for,
    wants,
    working,
)
from tests.core.turn.host import (
    CANCEL,
    call,
    finished,
    queued,
)

# All and any


def test_a_wait_is_a_deadline_and_no_tool():
    host = parent_of("a")

    heard = host.answers(wait("a", timeout_seconds=5))

    assert heard.effects == [until_done("t1.2.1", 5.0)]
    assert host.decide(finished("t1.2.1")).verdict == "unknown"


def test_all_are_waited_for_and_told_in_oneresult_of():
    host = waiting_for("a", "b")
    assert host.tell(read(host, ended("b", text="B."))).kinds == ["child_news"]

    heard = host.tell(read(host, ended("a", text="A.")))

    assert heard.kinds == ["child_news", "tool_result", "step_started"]
    result = result_of(heard)
    assert (result.status, result.summary) == ("ok", "2 of 2 pods done")
    assert result.output == "a t1: A.\n\nb t1: B."
    assert set(result.causes) == {"c2", "c3"}


def test_any_is_done_with_the_first_and_says_what_the_others_do():
    host = waiting_for("a", "b", until="any")

    result = result_of(host.tell(read(host, ended("b", text="B."))))

    assert result.summary == "1 of 2 pods done"
    assert result.output == "p.a running\n\nb t1: B."
    assert result.causes == ("c2",)


def test_what_a_wait_told_is_not_told_again_as_a_cause():
    """A cause is told once."""
    host = waiting_for("a")
    host.tell(read(host, ended("a")))
    assert host.state.waiting == []

    assert host.answers("Done.").kinds == ["model_responded", "turn_ended"]


def test_what_was_told_as_a_cause_before_is_what_a_wait_tells_again():
    """It has nothing new, and the model asks all the same."""
    host = parent_of("a")
    host.tell(read(host, ended("a", text="A.")))
    host.answers("Done.")
    assert host.texts()[-1] == "notification: a t1: A."

    heard = host.answers(wait("a"))

    assert heard.kinds == [
        *("model_responded", "tool_started", "tool_result", "step_started"),
    ]
    assert result_of(heard).output == "a t1: A."
    assert result_of(heard).causes == ()


def test_any_does_not_count_what_the_model_knows_already():
    host = waiting_for("a", "b", until="any")
    host.tell(read(host, ended("a")))

    assert host.answers(wait("a", "b", until="any")).kinds[-1] == "tool_started"
    again = result_of(host.tell(read(host, ended("b", text="B."))))
    assert again.summary == "2 of 2 pods done"
    assert again.output == "a t1: Done.\n\nb t1: B."


def test_a_child_that_nobody_gave_work_is_done():
    host = waiting_for("a")
    host.tell(read(host, ended("a", text="")))

    heard = host.answers(wait("a"))

    assert result_of(heard).summary == "1 of 1 pod done"


def test_a_child_that_has_not_heard_of_its_task_is_not_done():
    host = working()
    host.answers(call("spawn_pod"))
    host.tell(planned("a", "t1.1.1"))
    host.tell(CANCEL)
    host.tell(queued("go on"))

    host.answers(wait("a"))
    assert pending(host.state) == (until_done("t2.1.1"),)
    heard = host.tell(gone("a", "not_started", message="no room"))

    assert result_of(heard).output == "a not_started: no room"


def test_more_work_is_waited_for_too():
    host = waiting_for("a")
    host.tell(accepted("a", "t1.2.9", "t2"))
    assert host.tell(read(host, ended("a", "t1", "One."))).kinds == ["child_news"]

    heard = host.tell(read(host, ended("a", "t2", "Two.")))

    assert result_of(heard).output == "a t1: One.\n\na t2: Two."


def test_a_name_is_said_short_or_in_full_and_counts_once():
    host = waiting_for("a")
    host.tell(read(host, ended("a")))

    heard = host.answers(wait("p.a", "a", "a"))

    assert result_of(heard).summary == "1 of 1 pod done"


def test_of_two_children_of_one_name_the_newest_is_meant():
    host = parent_of("a")
    host.tell(gone("a"))
    host.answers(call("spawn_pod"))
    again = planned("a", "t1.2.1")
    fields = {name: getattr(again, name) for name in again.__struct_fields__}
    host.tell(i.LoanPlanned(**{**fields, "session": "s-new"}))
    host.tell(i.ChildReady(session="s-new"))
    host.tell(i.TaskAccepted(session="s-new", call="t1.2.1", turn="t1"))
    host.tell(finished("t1.2.1"))

    assert host.answers(wait("a")).kinds == ["model_responded", "tool_started"]


# Two waits at once


def test_two_waits_in_one_step_are_both_told_and_the_cause_is_gone():
    host = parent_of("a", "b")
    host.answers(wait("a", until="any"), wait("a", "b", until="any"))

    heard = host.tell(read(host, ended("a", text="A.")))

    assert heard.kinds == ["child_news", "tool_result", "tool_result", "step_started"]
    assert [one.output for one in heard.entries[1:3]] == [
        "a t1: A.",
        "a t1: A.\n\np.b running",
    ]
    assert host.state.waiting == []


def test_two_waits_for_different_children_end_by_themselves():
    host = parent_of("a", "b")
    host.answers(wait("a"), wait("b"))

    assert host.tell(read(host, ended("b"))).kinds == ["child_news", "tool_result"]
    assert host.tell(read(host, ended("a"))).kinds == [
        *("child_news", "tool_result", "step_started"),
    ]
    assert host.texts()[-2:] == ["t1.2.1: ok", "t1.2.2: ok"]


# Questions


@pytest.mark.parametrize("until", ["all", "any"])
def test_a_wait_returns_early_when_a_child_asks(until):
    host = waiting_for("a", "b", until=until)

    heard = host.tell(read(host, asks("b", text="Which?")))

    assert heard.kinds == ["question_asked", "tool_result", "step_started"]
    result = result_of(heard)
    assert result.summary == "b asks you; answer with send_to_pod"
    assert result.output == "p.a running\n\nb asks Which? []"
    assert result.causes == ("c2",)
    assert host.state.waiting == []


def test_several_that_ask_are_all_named():
    host = waiting_for("a", "b")

    heard = host.tell(read(host, asks("a"), asks("b")))

    assert result_of(heard).summary == "a, b ask you; answer with send_to_pod"


def test_a_question_that_was_told_before_is_told_again_as_long_as_it_waits():
    host = waiting_for("a")
    host.tell(read(host, asks("a", text="Which?")))

    heard = host.answers(wait("a"))

    assert result_of(heard).output == "a asks Which? []"
    assert result_of(heard).causes == ()


def test_a_question_that_is_answered_keeps_no_wait_fromwaiting_for():
    host = waiting_for("a")
    host.tell(read(host, asks("a")))
    host.tell(read(host, answered_below("a")))

    assert host.answers(wait("a")).kinds == ["model_responded", "tool_started"]


def test_a_child_that_asks_people_does_not_end_the_wait():
    host = waiting_for("a")

    assert host.tell(read(host, asks("a", to="user"))).kinds == ["question_asked"]
    assert host.tell(read(host, wants("a"))).kinds == ["approval_requested"]


# Ends


@pytest.mark.parametrize("end", ["stopped", "crashed", "lost"])
def test_a_child_that_is_gone_has_its_end_told(end):
    host = waiting_for("a")

    heard = host.tell(gone("a", end, message="killed"))

    assert heard.kinds == ["loan_returned", "tool_result", "step_started"]
    assert result_of(heard).output == f"a {end}: killed"
    assert host.state.waiting == []


def test_a_child_that_reports_and_is_gone_has_both_told():
    host = parent_of("a")
    host.tell(read(host, ended("a", text="A.")))
    host.tell(gone("a"))

    heard = host.answers(wait("a"))

    assert result_of(heard).output == "a t1: A.\n\na stopped: "
    assert result_of(heard).causes == ("c2", "c3")


def test_a_child_whose_end_was_told_before_is_told_of_again():
    host = waiting_for("a")
    host.tell(read(host, ended("a", text="A.")))
    host.answers("Done.")
    host.tell(gone("a", "crashed", message="killed"))
    host.answers("I see.")
    host.tell(queued("and?"))

    heard = host.answers(wait("a"))

    assert result_of(heard).output == "a t1: A.\n\na crashed: killed"
    assert result_of(heard).causes == ()


def test_a_child_that_is_gone_without_a_word_has_its_end_told():
    host = parent_of("a")
    host.tell(gone("a", "lost", told=True))

    assert result_of(host.answers(wait("a"))).output == "a lost: "


def test_a_turn_that_failed_is_done_all_the_same():
    host = waiting_for("a")

    heard = host.tell(
        read(host, ended("a", outcome=Failed(code="cut", message="no"), text=""))
    )

    assert result_of(heard).summary == "1 of 1 pod done"
