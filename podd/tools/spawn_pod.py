"""The tool that puts another pod to work."""

from __future__ import annotations

from typing import Final

from podd.tools.child_request import SpawnPodArguments
from podd.tools.pod_words import no_pods, shown_paths
from podd.tools.tool import ToolContext, ToolOutcome

#: Waiting for writers to finish, starting a process and giving it its task have limits
#: of their own; this is more than their sum.
_SECONDS: Final = 120.0


class SpawnPod:
    """Lends a part of the scope to a child that works beside us."""

    name = "spawn_pod"
    description = (
        "Start another pod, a child of this one, that works on a task at the same "
        "time as you. What you give it in scope.write is lent: neither you nor another "
        "child can write there until it ends. Its report comes by itself; wait_pods "
        "waits for it. Stop a child that is done, to have what it was lent back."
    )
    repeatable = True
    timeout_seconds = _SECONDS
    arguments = SpawnPodArguments

    async def run(
        self, arguments: SpawnPodArguments, context: ToolContext
    ) -> ToolOutcome:
        """Return when the child has taken its task."""
        if context.pods is None:
            return no_pods()
        child = await context.pods.spawn(context.call, arguments)
        lines = [f"workdir: {child.workdir}"] if child.workdir else []
        if child.lent:
            lent = shown_paths(child.lent, context.files)
            lines.append(f"lent to it until it ends: {lent}")
        return ToolOutcome(
            status="ok",
            summary=f"pod {child.pod!r} works on its task, in its turn {child.turn}",
            content="\n".join(lines),
        )
