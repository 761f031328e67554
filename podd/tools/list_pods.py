"""The tool that tells of the pods below this one."""

from __future__ import annotations

from typing import Final

import msgspec

from podd.tools.pod_words import ending, no_pods, outcome_told, shown_paths
from podd.tools.ports import PodLine
from podd.tools.scoped_files import ScopedFiles
from podd.tools.text import count, one_line
from podd.tools.tool import DEFAULT_TIMEOUT_SECONDS, ToolContext, ToolOutcome

#: Of a task or a question: enough to know which one it is.
_CHARACTERS: Final = 120


class ListPodsArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is asked."""


class ListPods:
    """Shows each pod below this one in a line."""

    name = "list_pods"
    description = (
        "List your children and the pods below them: what each is doing, what it was "
        "lent, how its last turn ended."
    )
    repeatable = True
    timeout_seconds = DEFAULT_TIMEOUT_SECONDS
    arguments = ListPodsArguments

    async def run(
        self,
        arguments: ListPodsArguments,  # noqa: ARG002  # there are none
        context: ToolContext,
    ) -> ToolOutcome:
        """List them."""
        if context.pods is None:
            return no_pods()
        pods = await context.pods.list()
        living = sum(pod.end is None for pod in pods)
        return ToolOutcome(
            status="ok",
            summary=f"{count(len(pods), 'pod')}, {living} of them alive"
            if pods
            else "there are no pods below this one",
            content="\n".join(_line(pod, context.files) for pod in pods),
        )


def _line(pod: PodLine, files: ScopedFiles) -> str:
    said = [pod.state if pod.end is None else ending(pod.end, "")]
    if pod.asks:
        said.append(f"asks you: {one_line(pod.asks, _CHARACTERS)}")
    if pod.outcome is not None:
        outcome = outcome_told(pod.outcome)
        said.append(f"its last turn {one_line(outcome, _CHARACTERS)}")
    if pod.lent:
        said.append(f"lent: {shown_paths(pod.lent, files)}")
    if pod.task:
        said.append(f"task: {one_line(pod.task, _CHARACTERS)}")
    return f"{pod.pod}: {'; '.join(said)}"
