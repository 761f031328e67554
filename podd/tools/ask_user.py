"""The tool that asks the people who run the pods. The turn machine answers it."""

from __future__ import annotations

from podd.core.turn.asking import AskArguments
from podd.tools.tool import ToolContext, ToolOutcome, answered_by_the_turn_machine


class AskUser:
    """Asks people."""

    name = "ask_user"
    description = (
        "Ask the people who run you, and wait for their answer. They may be away: "
        "ask only what you cannot find out or decide."
    )
    repeatable = True
    timeout_seconds = None
    arguments = AskArguments

    async def run(self, arguments: AskArguments, context: ToolContext) -> ToolOutcome:
        """Stand here for the description alone."""
        raise answered_by_the_turn_machine(arguments, context)
