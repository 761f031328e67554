"""A scope and its loans."""

from __future__ import annotations

from podd.core.pod.child import Child
from podd.core.pod.state import PodState
from podd.core.scope.explanation import explain
from podd.core.scope.rules import Rule, Scope
from podd.runtime.effective_scope import EffectiveScope

WHOLE = Scope((Rule("/w", "write"),))


def _lent(state: PodState, name: str, stage="made") -> Child:
    child = state.children[name] = Child(
        pod=f"demo.{name}",
        session=name,
        parent="demo",
        stage=stage,
        scope=Scope((Rule(f"/w/{name}", "write"), Rule("/w", "read"))),
    )
    return child


def test_without_loans_it_is_the_whole():
    scope = EffectiveScope(WHOLE, PodState())

    assert scope.now() == WHOLE
    assert scope.borrowers == {}


def test_what_is_lent_or_about_to_be_is_a_hole_until_it_is_back():
    state = PodState()
    scope = EffectiveScope(WHOLE, state)
    left = _lent(state, "left", "intended")
    _lent(state, "right")
    _lent(state, "gone", "returned")
    _lent(state, "below", "below").scope = None

    now = scope.now()

    assert not explain(now, "/w/left/x").writable
    assert not explain(now, "/w/right").writable
    assert explain(now, "/w/gone/x").writable
    assert explain(now, "/w/other").writable
    assert scope.borrowers == {"/w/left": "demo.left", "/w/right": "demo.right"}
    left.stage = "returned"
    assert explain(scope.now(), "/w/left/x").writable


def test_who_follows_is_told_how_it_is_and_how_it_changes():
    state = PodState()
    scope = EffectiveScope(WHOLE, state)
    told = []
    scope.refresh()
    _lent(state, "left")

    scope.follow(lambda now, lent: told.append((now, dict(lent))))
    state.children["left"].stage = "returned"
    scope.refresh()

    assert [lent for _, lent in told] == [{"/w/left": "demo.left"}, {}]
    assert not explain(told[0][0], "/w/left").writable
    assert told[1][0] == WHOLE
