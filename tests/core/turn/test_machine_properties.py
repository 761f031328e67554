"""Any facts in any order, crashes among them: no rule is broken, no work is lost.

What a turn machine has to hold always, and where it is held after each fact drawn:

One request at most is outstanding; a restored one keeps its step, its attempt rises
(Pod.what_is_outstanding_is_what_the_state_says, check_history)
The entries that were told are the journal, without gap or repetition (Host, Pod)
Asking what is outstanding changes nothing (Pod.replaying_the_journal_gives_the_state)
A fact that is stale, a duplicate or unknown changes nothing (Pod.tell)
Restored at any point and gone on is gone on (check_every_restore_is_a_going_on)
A turn has one end, and nothing of it comes after (check_history)
Usage is the sum of what the answers said (Pod.the_journal_breaks_no_rule)
Steps only rise, and a limit bounds them, whoever drives (check_history, Driven)
A driver that has nothing to say ends its turn and never spins (Driven, test_drivers)
Each call has one result before the next request (check_conversation, check_history)
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.core.turn.driven_machine import Driven
from tests.core.turn.family_machine import Family
from tests.core.turn.pod_machine import Pod


def test_no_rule_is_broken_and_no_work_lost_whatever_happens():
    """Promises 2 and 3."""
    run_state_machine_as_test(
        Pod, settings=settings(max_examples=100, stateful_step_count=50)
    )


def test_no_loan_report_or_question_is_lost_or_doubled_whatever_happens():
    """Promises 2, 3 and 6, in a pod with children, commands and people to ask."""
    run_state_machine_as_test(
        Family, settings=settings(max_examples=25, stateful_step_count=40)
    )


def test_no_code_value_or_limit_breaks_a_rule_whoever_drives():
    """Promises 2, 3, 8 and 9, also where a driver breaks its contract."""
    run_state_machine_as_test(
        Driven, settings=settings(max_examples=40, stateful_step_count=30)
    )
