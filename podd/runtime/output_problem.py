"""What is wrong with the value that a turn is to end in, said in bounded time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from podd.errors import TimedOutError
from podd.manifest.resolved import Resolved
from podd.runtime.processor_time import within

#: A value of a megabyte takes half a second. What takes longer is a schema whose parts
#: refer to one another too often, or a `pattern` that backtracks without end.
CHECK_SECONDS: Final = 2.0


def output_problem_of(resolved: Resolved) -> Callable[[Any], str | None] | None:
    """What holds a value against the pod's schema; None: it has none.

    The pod hears nobody while it does, so the time for it is limited.
    """
    if resolved.output_schema is None:
        return None
    # Imported late: most pods have none, and the library takes long.
    from podd.manifest.output_schema import value_problem_of

    problem_of = value_problem_of(resolved.output_schema)

    def output_problem(value: Any) -> str | None:  # noqa: ANN401  # any JSON
        try:
            return within(
                CHECK_SECONDS,
                "holding it against the schema",
                lambda: problem_of(value),
            )
        except TimedOutError as error:
            return str(error)

    return output_problem
