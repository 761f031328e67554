"""The tool that waits for children. The turn machine answers it."""

from __future__ import annotations

from podd.core.turn.asking import WaitPodsArguments
from podd.tools.tool import ToolContext, ToolOutcome, answered_by_the_turn_machine


class WaitPods:
    """Waits until children have done what they were asked."""

    name = "wait_pods"
    description = (
        "Wait until children have done what they were asked, and read what each "
        "reports: outcome, last answer, usage, changed files. Returns early when one "
        "of them asks you something; answer with send_to_pod and wait again."
    )
    repeatable = True
    timeout_seconds = None
    arguments = WaitPodsArguments

    async def run(
        self, arguments: WaitPodsArguments, context: ToolContext
    ) -> ToolOutcome:
        """Stand here for the description alone."""
        raise answered_by_the_turn_machine(arguments, context)
