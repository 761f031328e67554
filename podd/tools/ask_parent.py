"""The tool that asks the pod that started this one. The turn machine answers it."""

from __future__ import annotations

from podd.core.turn.asking import AskArguments
from podd.tools.tool import ToolContext, ToolOutcome, answered_by_the_turn_machine


class AskParent:
    """Asks the parent."""

    name = "ask_parent"
    description = (
        "Ask the pod that started you, and wait for its answer. Use it when the "
        "task is not clear, or when you need more than you were lent."
    )
    repeatable = True
    timeout_seconds = None
    arguments = AskArguments

    async def run(self, arguments: AskArguments, context: ToolContext) -> ToolOutcome:
        """Stand here for the description alone."""
        raise answered_by_the_turn_machine(arguments, context)
