"""The whole product of states and facts: what the table says is what happens."""

from __future__ import annotations

import copy
from typing import get_args

import pytest

from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd.core.turn.asking import ASKING
from podd.core.turn.decide import decide
from podd.core.turn.states import MachineState as S
from podd.core.turn.states import machine_state, public_state
from podd.core.turn.transitions import TRANSITIONS
from tests.core.turn.host import SETTINGS
from tests.core.turn.situations import SITUATIONS, facts_for

NOBODYS_FAULT = {"take", "stale", "duplicate", "unknown"}
KINDS = get_args(i.Input)
PRODUCT = [
    pytest.param(state, kind, id=f"{state.value}-{kind.__name__}")
    for state in S
    for kind in KINDS
]


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
            decision = decide(host.settings, host.state, fact)

            assert host.state == before, "deciding changed the state"
            assert decision == decide(host.settings, before, fact), "no function"
            if verdict == "take":
                # Whom or what a fact names is not for the table to know.
                assert decision.verdict == (_of_nothing(host, fact) or "take")
            else:
                assert decision.verdict == verdict
            if decision.verdict != "take":
                assert decision.entries == ()
                assert decision.effects == ()
                assert decision.answer is None
            refused = decision.verdict not in NOBODYS_FAULT
            assert decision.refusal == (decision.verdict if refused else None)


def _of_nothing(host, fact) -> str | None:  # noqa: PLR0912
    """The verdict on a fact about what is not there, or None if it is."""
    state = host.state
    calls = {} if state.turn is None else state.turn.calls
    begun = {name for name, one in calls.items() if one.started_at is not None}
    waits = {name for name in begun if calls[name].name == "wait_pods"}
    asks = {name for name in begun if calls[name].name in ASKING}
    approvals = {call for pod, call in state.approvals if pod == state.pod}
    questions = {call for pod, call in state.questions if pod == state.pod}
    lent = {s: one for s, one in state.children.items() if one.is_lent_to}
    match fact:
        case i.ToolFinished():
            if fact.call not in begun - asks:
                return _of_no_call(host, fact.call)
            there = True
        case i.CodeCalled() | i.CodeFinished():
            there = (fact.turn, fact.step) == (state.turn.turn, state.turn.step)
        case i.LoanPlanned():
            there = fact.call in begun
        case i.CommandBegan():
            there = fact.call in begun - set(state.commands)
        case i.CommandOver():
            there = fact.command in state.commands
        case i.DeadlinePassed(deadline="drain"):
            there = state.stopping is not None
        case i.DeadlinePassed(deadline="wall"):
            there = (
                host.settings.wall_seconds is not None
                and state.is_working
                and state.turn.limit is None
                and fact.call == str(state.stretch)
            )
        case i.DeadlinePassed():
            of = {"approval": approvals, "question": questions, "wait": waits}
            there = fact.call in of[fact.deadline]
        case i.ChildReady():
            one = lent.get(fact.session)
            there = one is not None and one.stage == "intended"
        case i.TaskAccepted():
            one = lent.get(fact.session)
            there = one is not None and fact.turn not in {*one.turns, *one.counted}
        case i.ChildrenRead():
            there = bool(fact.read)
        case i.ChildGone():
            there = fact.session in lent
        case i.ApprovalGiven():
            return None if fact.call in approvals else "no_such_call"
        case i.QuestionReplied():
            return None if fact.question in questions else "no_such_question"
        case _:
            there = True
    return None if there else "stale"


def _of_no_call(host, name: str) -> str:
    """From what stands in the journal of results."""
    turn = host.state.turn
    steps = [
        entry.step
        for entry in host.entries
        if isinstance(entry, e.ToolResulted)
        and (entry.turn, entry.call) == (turn.turn, name)
    ]
    if not steps:
        return "unknown"
    return "duplicate" if steps == [turn.step] else "stale"


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
        (S.AWAITING_CODE, "running"),
        (S.ANSWERED, "running"),
        (S.PAUSED, "paused"),
        (S.PAUSED_AWAITING_TOOLS, "paused"),
        (S.PAUSED_AWAITING_CODE, "paused"),
        (S.DRAINING_IDLE, "stopping"),
        (S.DRAINING, "stopping"),
        (S.DRAINING_AWAITING_MODEL, "stopping"),
        (S.DRAINING_AWAITING_TOOLS, "stopping"),
        (S.DRAINING_AWAITING_CODE, "stopping"),
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
    awaits_code = state in {
        S.AWAITING_CODE,
        S.PAUSED_AWAITING_CODE,
        S.DRAINING_AWAITING_CODE,
    }
    awaits_tools = awaits_code or state in {
        S.AWAITING_TOOLS,
        S.PAUSED_AWAITING_TOOLS,
        S.DRAINING_AWAITING_TOOLS,
    }
    row = TRANSITIONS[state]

    assert row[i.ModelAnswered] == ("take" if awaits_model else "stale")
    assert row[i.ModelFailed] == row[i.ModelAnswered]
    for kind in (i.ToolFinished, i.LoanPlanned, i.CommandBegan):
        assert row[kind] == ("take" if awaits_tools else "stale")
    for kind in (i.CodeCalled, i.CodeFinished):
        assert row[kind] == ("take" if awaits_code else "stale")


def test_every_verdict_on_what_is_not_there_was_tried_and_so_was_what_is():
    """Else the product above would say little."""
    tried = {
        (kind, _of_nothing(host, fact) is None)
        for state in (S.AWAITING_TOOLS, S.AWAITING_CODE)
        for host in SITUATIONS[state]
        for kind, facts in facts_for(host).items()
        for fact in facts
    }

    for kind in (
        *(i.ToolFinished, i.LoanPlanned, i.CommandBegan, i.CommandOver),
        *(i.DeadlinePassed, i.ChildReady, i.TaskAccepted, i.ChildrenRead),
        *(i.ChildGone, i.ApprovalGiven, i.QuestionReplied),
        *(i.CodeCalled, i.CodeFinished),
    ):
        assert {(kind, True), (kind, False)} <= tried
