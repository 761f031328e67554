"""Nothing is nested without bound."""

from __future__ import annotations

from podd.core.context.nesting import VALUE_LEVELS, nesting_problem


def _nested(levels: int, leaf: object) -> object:
    found = leaf
    for level in range(levels):
        found = [found] if level % 2 else {"not": found}
    return found


def test_so_many_levels_are_no_problem_and_one_more_is() -> None:
    assert nesting_problem(_nested(VALUE_LEVELS, 1)) is None
    assert nesting_problem(_nested(VALUE_LEVELS + 1, 1)) is not None
    # Far beyond what can be walked by recursion.
    assert nesting_problem(_nested(100_000, 1)) is not None
    assert nesting_problem(_nested(3, 1), 2) == "it is nested more than 2 levels deep"
