"""Pods below a child: known, lost with their lender, or assumed."""

from __future__ import annotations

import pytest

from podd.core.scope.rules import Rule, Scope
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from tests.core.turn.family import (
    SPENT,
    accepted,
    child,
    ended,
    gone,
    news,
    parent_of,
    read,
    wants,
)
from tests.core.turn.host import (
    Host,
    kinds,
)


def _assumed(name: str) -> i.AssumedLoan:
    scope = Scope((Rule(f"/w/{name}", "write"),))
    return i.AssumedLoan(pod=f"p.{name}", session=f"s-{name}", scope=scope)


def _grandparent_of(name: str = "a.x") -> Host:
    """The child `a` has spawned one of its own."""
    host = parent_of("a")
    host.tell(
        read(
            host,
            ("a", news("spawned", name, lent=("/w/a/x",), task="Dig.")),
            ("a", news("started", name)),
        )
    )
    return host


# Pods below


def test_a_pod_below_a_child_is_known_and_not_ours():
    host = _grandparent_of()

    one = child(host, "a.x")
    assert (one.stage, one.state, one.parent) == ("below", "idle", "p.a")
    assert (one.lent, one.task) == (("/w/a/x",), "Dig.")
    assert not one.is_lent_to
    assert host.state.child_named("a.x") is None
    assert host.state.causes == 1
    assert host.decide(gone("a.x")).verdict == "stale"


@pytest.mark.parametrize(
    ("kind", "state"),
    [("paused", "paused"), ("resumed", "running"), ("turn_ended", "idle")],
)
def test_what_a_pod_below_does_is_shown(kind, state):
    host = _grandparent_of()

    host.tell(read(host, ("a", news(kind, "a.x"))))

    assert child(host, "a.x").state == state


def test_the_end_of_a_pod_below_is_known_and_forgets_what_it_asked():
    host = _grandparent_of()
    host.tell(read(host, wants("a", "a.x"), wants("a")))

    host.tell(read(host, ("a", news("ended", "a.x", end="crashed", message="oops"))))

    one = child(host, "a.x")
    assert (one.state, one.end, one.message) == ("ended", "crashed", "oops")
    assert one.lent == ()
    assert set(host.state.approvals) == {("p.a", "t1.1.1")}


def test_usage_of_each_pod_below_is_its_own():
    host = _grandparent_of()
    _, of_x = ended("a.x")

    host.tell(read(host, ended("a"), ("a", of_x)))

    assert child(host, "a").usage == SPENT
    assert child(host, "a.x").usage == SPENT


def test_nobody_tells_of_what_was_below_a_dead_child():
    host = _grandparent_of()
    host.tell(read(host, ("a", news("spawned", "a.x.y", lent=("/w/a/x/y",)))))
    host.tell(read(host, wants("a", "a.x.y")))

    host.tell(gone("a"))

    for name in ("a.x", "a.x.y"):
        one = child(host, name)
        assert (one.state, one.end, one.lent) == ("ended", "lost", ())
    assert host.state.approvals == {}


def test_nobody_tells_of_what_was_below_a_dead_pod_below():
    host = _grandparent_of()
    host.tell(read(host, ("a", news("spawned", "a.x.y"))))

    host.tell(read(host, ("a", news("ended", "a.x", end="crashed"))))

    assert child(host, "a.x.y").end == "lost"


# What is assumed


def test_who_survives_its_lender_is_lent_to_by_us_and_watched():
    host = _grandparent_of()
    host.tell(read(host, ("a", news("spawned", "a.x.y"))))

    decision = host.decide(gone("a", "crashed", assumed=(_assumed("a.x"),)))

    assert kinds(decision.entries) == ["loan_assumed", "loan_returned"]
    assert decision.entries[0] == e.LoanAssumed(
        pod="p.a.x", session="s-a.x", parent="p", scope=_assumed("a.x").scope
    )
    assert decision.effects == (f.WatchChild(session="s-a.x"),)
    one = child(host, "a.x")
    assert (one.stage, one.parent, one.end) == ("made", "p", None)
    assert one.lent == ("/w/a.x",)
    assert (child(host, "a.x").state, child(host, "a.x.y").end) == ("idle", None)
    assert host.state.child_named("a.x") is one


def test_who_was_never_heard_of_is_assumed_too():
    host = parent_of("a")

    host.tell(gone("a", told=True, assumed=(_assumed("a.z"),)))

    assert (child(host, "a.z").stage, child(host, "a.z").state) == ("made", "idle")
    host.tell(read(host, ended("a.z")))
    assert host.state.causes == 1, "what it did was not for us"


def test_what_an_assumed_child_did_for_another_is_no_cause_and_counted_once():
    host = _grandparent_of()
    _, done = ended("a.x")
    host.tell(read(host, ("a", done)))
    host.tell(gone("a", told=True, assumed=(_assumed("a.x"),)))

    host.tell(read(host, ended("a.x"), ended("a.x", "t2")))

    assert host.state.causes == 1
    assert child(host, "a.x").usage == SPENT + SPENT
    host.tell(accepted("a.x", "t1.2.1", "t3"))
    host.tell(read(host, ended("a.x", "t3", "For you.")))
    assert [cause.text for cause in host.state.waiting] == ["a.x t3: For you."]


def test_an_assumed_child_ends_like_any_other():
    host = _grandparent_of()
    host.tell(gone("a", told=True, assumed=(_assumed("a.x"),)))

    heard = host.tell(gone("a.x"))

    assert heard.kinds == ["loan_returned"]
    assert [cause.text for cause in host.state.waiting] == ["a.x stopped: "]


def test_that_a_child_assumed_a_loan_is_heard_of():
    host = _grandparent_of()
    host.tell(read(host, ("a", news("spawned", "a.x.y", task="Dig deeper."))))
    assumed = news("assumed", "a.x.y", parent="p.a", lent=("/w/a/y",))

    host.tell(
        read(
            host,
            ("a", assumed),
            ("a", news("ended", "a.x", end="crashed")),
            ("a", news("assumed", "a.q", parent="p.a", lent=("/w/a/q",))),
        )
    )

    one = child(host, "a.x.y")
    assert (one.parent, one.lent, one.end) == ("p.a", ("/w/a/y",), None)
    assert (one.state, one.task) == ("starting", "Dig deeper.")
    assert (child(host, "a.q").state, child(host, "a.q").lent) == ("idle", ("/w/a/q",))
