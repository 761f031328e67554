"""What children report becomes a cause: once, together, and only what was asked for."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.pod.child import Report
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd_protocol.values import Cancelled, Completed, Failed, Usage
from tests.core.turn.family import (
    SETTINGS,
    SPENT,
    accepted,
    answered_below,
    asks,
    child,
    ended,
    gone,
    idle_parent_of,
    news,
    parent_of,
    planned,
    read,
    ready,
    resolved_below,
    wants,
    working,
)
from tests.core.turn.host import RESTORED, Host, call, finished, queued, request

TEN = tuple("abcdefghij")


# One report


def test_a_report_wakes_an_idle_parent():
    host = idle_parent_of("a")

    heard = host.tell(read(host, ended("a", text="Found it.")))

    assert heard.kinds == ["child_news", "turn_started", "step_started"]
    assert heard.entries[1].causes == ("c2",)
    assert heard.entries[1].turn == "t2"
    assert heard.effects == [request(1, turn="t2")]
    assert host.texts()[-1] == "notification: a t1: Found it."


def test_a_report_is_journalled_with_all_that_was_read():
    host = parent_of("a")
    fact = news(
        "turn_ended",
        "a",
        turn="t1",
        outcome=Failed(code="cut", message="no"),
        text="Half.",
        value={"x": [1]},
        usage=SPENT,
        files=("/w/a/f",),
    )

    (entry,) = host.decide(read(host, ("a", fact))).entries

    assert entry == e.ChildNews(
        via="s-a",
        upto=1,
        news="turn_ended",
        pod="p.a",
        session="s-a",
        parent="p",
        turn="t1",
        outcome=Failed(code="cut", message="no"),
        text="Half.",
        value={"x": [1]},
        usage=SPENT,
        files=("/w/a/f",),
        cause="c2",
        rendered="a t1: Half.",
    )
    one = child(host, "a")
    assert one.report == Report(
        turn="t1",
        outcome=Failed(code="cut", message="no"),
        text="Half.",
        value={"x": [1]},
        usage=SPENT,
        files=("/w/a/f",),
    )
    assert (one.turns, one.state, one.upto) == ([], "idle", 1)
    assert (one.usage, one.told) == (SPENT, "a t1: Half.")


def test_the_text_is_made_of_the_whole_report_and_the_short_name():
    seen = []

    def note(name, report):
        seen.append((name, report))
        return "noted"

    texts = msgspec.structs.replace(SETTINGS.texts, child_reported=note)
    host = parent_of("a", settings=msgspec.structs.replace(SETTINGS, texts=texts))
    _, fact = ended("a")
    host.decide(
        read(host, ("a", msgspec.structs.replace(fact, usage=None, files=("/f",))))
    )

    assert seen == [("a", Report("t1", Completed(), "Done.", None, Usage(), ("/f",)))]


def test_a_report_reaches_a_running_turn_at_its_next_checkpoint():
    host = parent_of("a")
    assert host.tell(read(host, ended("a"))).kinds == ["child_news"]

    heard = host.answers("Done.")

    assert heard.kinds == ["model_responded", "causes_taken", "step_started"]
    assert heard.entries[1].checkpoint == "before_completion"


def test_a_turn_that_ended_badly_is_a_report_too():
    host = parent_of("a")

    host.tell(read(host, ended("a", outcome=Cancelled(by="user"))))

    assert len(host.state.waiting) == 1


# Ten at once


def test_ten_that_end_together_wake_their_parent_once_with_ten_causes():
    host = idle_parent_of(*TEN)

    heard = host.tell(read(host, *(ended(name) for name in TEN)))

    assert heard.kinds == ["child_news"] * 10 + ["turn_started", "step_started"]
    assert heard.entries[10].causes == tuple(f"c{n}" for n in range(2, 12))
    assert heard.effects == [request(1, turn="t2")]
    assert host.texts()[-10:] == [f"notification: {name} t1: Done." for name in TEN]
    assert host.answers("Good.").kinds == ["model_responded", "turn_ended"]


def test_reports_and_other_causes_are_numbered_without_a_gap_or_a_double():
    host = parent_of("a", "b")
    host.tell(queued("more"))
    host.tell(read(host, ended("a"), asks("b"), ended("b")))

    assert [c.cause for c in host.state.waiting] == ["c3", "c4", "c5"]
    assert host.state.causes == 5


# Once


def test_the_same_event_told_again_changes_nothing():
    """A doubled hint, or a watcher that began anew."""
    host = parent_of("a")
    fact = read(host, ended("a"))
    host.tell(fact)
    before = list(host.entries)

    assert host.decide(fact).verdict == "stale"
    assert host.tell(fact).entries == []
    assert host.entries == before


def test_the_same_event_twice_in_one_reading_counts_once():
    host = parent_of("a")
    (one,) = read(host, ended("a")).read

    decision = host.decide(i.ChildrenRead(read=(one, one)))

    assert len(decision.entries) == 1


def test_a_turn_that_is_told_under_two_numbers_is_one_cause():
    host = parent_of("a")

    host.tell(read(host, ended("a"), ended("a")))
    host.tell(read(host, ended("a")))

    assert len(host.state.waiting) == 1
    assert child(host, "a").usage == SPENT


def test_what_comes_up_to_what_was_read_is_left_out_and_the_rest_counts():
    host = parent_of("a", "b")
    old = read(host, ended("a"))
    host.tell(old)
    new = read(host, ended("b"))

    decision = host.decide(i.ChildrenRead(read=(*old.read, *new.read)))

    assert [entry.pod for entry in decision.entries] == ["p.b"]


def test_each_child_has_a_cursor_of_its_own():
    host = parent_of("a", "b")
    first = i.ChildRead(via="s-a", upto=50, fact=ended("a")[1])
    second = i.ChildRead(via="s-b", upto=3, fact=ended("b")[1])

    host.tell(i.ChildrenRead(read=(first, second)))

    assert (child(host, "a").upto, child(host, "b").upto) == (50, 3)


@pytest.mark.parametrize("about", [wants("a"), resolved_below("a"), asks("a")])
def test_every_kind_of_news_moves_the_cursor(about):
    host = parent_of("a")

    host.tell(read(host, about))
    assert child(host, "a").upto == 1
    host.tell(read(host, answered_below("a")))

    assert child(host, "a").upto == 2


def test_reading_nothing_is_stale_and_so_is_who_is_nobody_of_ours():
    host = parent_of("a")
    stranger = i.ChildRead(via="s-z", upto=1, fact=ended("a")[1])

    assert host.decide(i.ChildrenRead(read=())).verdict == "stale"
    assert host.decide(i.ChildrenRead(read=(stranger,))).verdict == "stale"


# Only what was asked for


def test_what_a_child_does_by_itself_is_news_and_no_cause():
    host = idle_parent_of("a")

    heard = host.tell(read(host, ended("a", "t9", "By the way.")))

    assert heard.kinds == ["child_news"]
    assert heard.entries[0].cause is None
    assert heard.entries[0].rendered == ""
    assert child(host, "a").turns == ["t1"]
    assert child(host, "a").state == "running"
    assert child(host, "a").told == ""


def test_what_a_child_does_by_itself_does_not_hide_what_it_reported():
    host = idle_parent_of("a")
    host.tell(read(host, ended("a", "t1", "For you.")))
    host.tell(read(host, ended("a", "t9", "By the way.")))

    assert child(host, "a").told == "a t1: For you."
    assert child(host, "a").report.text == "By the way."


def test_what_a_pod_below_a_child_does_is_no_cause():
    host = idle_parent_of("a")
    _, deep = ended("a.x")

    assert host.tell(read(host, ("a", news("spawned", "a.x")))).kinds == ["child_news"]
    assert host.tell(read(host, ("a", deep))).kinds == ["child_news"]
    assert host.state.causes == 1


@pytest.mark.parametrize("kind", ["paused", "resumed"])
def test_other_news_are_no_cause(kind):
    host = idle_parent_of("a")

    assert host.tell(read(host, ("a", news(kind, "a")))).kinds == ["child_news"]
    assert host.state.causes == 1


def test_work_that_was_sent_later_is_asked_for_too():
    host = idle_parent_of("a")
    host.tell(read(host, ended("a")))
    host.answers("Good.")
    host.tell(accepted("a", "t2.1.1", "t5"))
    assert child(host, "a").state == "running"

    heard = host.tell(read(host, ended("a", "t5", "More.")))

    assert heard.kinds == ["child_news", "turn_started", "step_started"]


def test_a_child_with_more_to_do_is_still_at_work():
    host = parent_of("a")
    host.tell(accepted("a", "t1.2.1", "t2"))

    host.tell(read(host, ended("a", "t1")))

    assert (child(host, "a").turns, child(host, "a").state) == (["t2"], "running")


def _half_spawned() -> Host:
    """The child is there; whether it has heard of its task the journal does not say."""
    host = working()
    host.answers(call("spawn_pod"))
    host.tell(planned("a", "t1.1.1"))
    host.tell(ready("a"))
    host = host.crash()
    host.tell(RESTORED)
    return host


def test_a_task_whose_acceptance_a_crash_swallowed_is_reported_all_the_same():
    """It ended before the call could be run again; its result arrives once."""
    host = _half_spawned()

    host.tell(read(host, ended("a", "t1", "Done."), ended("a", "t2", "Mine.")))
    assert host.decide(accepted("a", "t1.1.1", "t1")).verdict == "stale"
    host.tell(finished("t1.1.1"))

    assert host.texts()[-1] == "notification: a t1: Done."
    assert child(host, "a").is_done
    assert host.tell(read(host, ended("a", "t3", "Mine, too."))).kinds == ["child_news"]
    assert host.state.causes == 2


def test_of_a_child_that_nobody_gave_work_nothing_is_waited_for_twice():
    host = _half_spawned()
    host.tell(accepted("a", "t1.1.1", "t2"))

    host.tell(read(host, ended("a", "t1", "For people.")))
    assert host.state.causes == 1
    host.tell(read(host, ended("a", "t2", "For you.")))

    assert [cause.text for cause in host.state.waiting] == ["a t2: For you."]


def test_what_is_read_of_a_child_after_its_end_is_no_cause():
    host = _half_spawned()
    host.tell(gone("a", told=True))

    host.tell(read(host, ended("a", "t1")))

    assert host.state.waiting == []
