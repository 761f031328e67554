"""The tool that ends a child."""

from __future__ import annotations

from typing import Annotated

import msgspec

from podd.tools.pod_words import ending, no_pods, shown_paths
from podd.tools.tool import DEFAULT_TIMEOUT_SECONDS, ToolContext, ToolOutcome


class StopPodArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to end, and how."""

    name: Annotated[str, msgspec.Meta(description="The child.", min_length=1)]
    now: Annotated[
        bool,
        msgspec.Meta(description="Do not let it finish what it is doing."),
    ] = False


class StopPod:
    """Ends a child and takes back what was lent to it."""

    name = "stop_pod"
    description = (
        "End a child, with the pods below it, and take back what was lent to it. It "
        "may finish what it is doing for some seconds, unless now is true."
    )
    repeatable = True
    timeout_seconds = DEFAULT_TIMEOUT_SECONDS
    arguments = StopPodArguments

    async def run(
        self, arguments: StopPodArguments, context: ToolContext
    ) -> ToolOutcome:
        """Return when it is gone and everything is back."""
        if context.pods is None:
            return no_pods()
        stopped = await context.pods.stop(arguments.name, now=arguments.now)
        # Where it crashed, the end of its log follows the first line.
        why, _, log = stopped.message.partition("\n")
        if log:
            why = f"{why.removesuffix(':')} as below"
        said = [f"pod {stopped.pod!r} {ending(stopped.end, why)}"]
        if stopped.returned:
            returned = shown_paths(stopped.returned, context.files)
            said.append(f"yours again: {returned}")
        return ToolOutcome(status="ok", summary="; ".join(said), content=log)
