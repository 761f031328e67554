"""Any facts in any order, crashes among them: no rule is broken, no work is lost."""

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
