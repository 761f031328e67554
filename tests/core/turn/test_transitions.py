"""The whole product of states and facts: what the table says is what happens."""

from __future__ import annotations

import copy
from typing import get_args

import pytest

from podd.core.turn import inputs as i
from podd.core.turn.decide import decide
from podd.core.turn.states import MachineState as S
from podd.core.turn.states import machine_state, public_state
from podd.core.turn.transitions import TRANSITIONS
from tests.core.turn.host import SETTINGS
from tests.core.turn.situations import SITUATIONS, facts_for

KINDS = get_args(i.Input)
PRODUCT = [
    pytest.param(state, kind, id=f"{state.value}-{kind.__name__}")
    for state in S
    for kind in KINDS
]

#: Nothing was begun, so there is no result that the table could let through.
NO_CALL_BEGUN = "which call it names is not for the table to know"


def test_the_table_has_a_verdict_for_every_state_and_fact():
    assert set(TRANSITIONS) == set(S)
    assert all(set(row) == set(KINDS) for row in TRANSITIONS.values())


@pytest.mark.parametrize("state", S)
def test_every_situation_is_in_the_state_it_stands_for(state):
    assert SITUATIONS[state]
    assert {machine_state(host.state) for host in SITUATIONS[state]} == {state}


@pytest.mark.parametrize(("state", "kind"), PRODUCT)
def test_what_the_table_says_is_what_is_decided(state, kind):
    verdict = TRANSITIONS[state][kind]
    for host in SITUATIONS[state]:
        for fact in facts_for(host)[kind]:
            before = copy.deepcopy(host.state)
            decision = decide(SETTINGS, host.state, fact)

            assert host.state == before, "deciding changed the state"
            assert decision == decide(SETTINGS, before, fact), "it is not a function"
            if verdict == "take" and _names_no_begun_call(host, fact):
                assert decision.verdict == "stale", NO_CALL_BEGUN
            else:
                assert decision.verdict == verdict
            if decision.verdict != "take":
                assert decision.entries == ()
                assert decision.effects == ()
                assert decision.answer is None
            refused = decision.verdict not in {"take", "stale"}
            assert decision.refusal == (decision.verdict if refused else None)


def _names_no_begun_call(host, fact) -> bool:
    if not isinstance(fact, i.ToolFinished):
        return False
    one = host.state.turn.calls.get(fact.call)
    return one is None or one.started_at is None


@pytest.mark.parametrize(("state", "kind"), PRODUCT)
def test_whatever_is_taken_leads_to_a_state_of_the_machine(state, kind):
    """Also with all that follows by itself: nothing raises and nothing goes round."""
    for situation in SITUATIONS[state]:
        for fact in facts_for(situation)[kind]:
            host = situation.copy()
            host.tell(fact)

            assert machine_state(host.state) in S
            assert host.crash().state == host.state


@pytest.mark.parametrize(
    ("state", "public"),
    [
        (S.IDLE, "idle"),
        (S.WAKING, "idle"),
        (S.READY, "running"),
        (S.AWAITING_MODEL, "running"),
        (S.AWAITING_TOOLS, "running"),
        (S.ANSWERED, "running"),
        (S.PAUSED, "paused"),
        (S.PAUSED_AWAITING_TOOLS, "paused"),
        (S.DRAINING_IDLE, "stopping"),
        (S.DRAINING, "stopping"),
        (S.DRAINING_AWAITING_MODEL, "stopping"),
        (S.DRAINING_AWAITING_TOOLS, "stopping"),
        (S.CLOSED, "stopping"),
    ],
)
def test_clients_are_told_one_of_the_public_states(state, public):
    assert {public_state(host.state) for host in SITUATIONS[state]} == {public}


def test_an_answer_to_another_attempt_is_stale_and_changes_nothing():
    for host in SITUATIONS[S.AWAITING_MODEL]:
        turn = host.state.turn
        right = {"turn": turn.turn, "step": turn.step, "attempt": turn.attempt}
        for wrong in (
            {"turn": "t9"},
            {"step": turn.step + 1},
            {"step": turn.step - 1},
            {"attempt": turn.attempt + 1},
            {"attempt": turn.attempt - 1},
        ):
            for fact in (
                i.ModelAnswered(
                    **{**right, **wrong},
                    response=facts_for(host)[i.ModelAnswered][0].response,
                ),
                i.ModelFailed(**{**right, **wrong}, fault="cut", message=""),
            ):
                decision = decide(SETTINGS, host.state, fact)

                assert decision.verdict == "stale"
                assert decision.entries == decision.effects == ()


@pytest.mark.parametrize("state", S)
def test_results_count_exactly_where_the_machine_awaits_them(state):
    awaits_model = state in {S.AWAITING_MODEL, S.DRAINING_AWAITING_MODEL}
    awaits_tools = state in {
        S.AWAITING_TOOLS,
        S.PAUSED_AWAITING_TOOLS,
        S.DRAINING_AWAITING_TOOLS,
    }
    row = TRANSITIONS[state]

    assert row[i.ModelAnswered] == ("take" if awaits_model else "stale")
    assert row[i.ModelFailed] == row[i.ModelAnswered]
    assert row[i.ToolFinished] == ("take" if awaits_tools else "stale")
