"""The tool that reads what a child said."""

from __future__ import annotations

from typing import Annotated

import msgspec

from podd.tools.pod_words import no_pods
from podd.tools.tool import DEFAULT_TIMEOUT_SECONDS, ToolContext, ToolOutcome


class ReadPodOutputArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose words, and from where."""

    name: Annotated[str, msgspec.Meta(description="The child.", min_length=1)]
    after: Annotated[
        Annotated[int, msgspec.Meta(ge=0)] | None,
        msgspec.Meta(
            description="Only what came after this; a number that an earlier call "
            "answered with. Absent: from the beginning."
        ),
    ] = None


class ReadPodOutput:
    """Shows what a child said so far, whether it works, rests or is gone."""

    name = "read_pod_output"
    description = (
        "Read what a child said so far, also while it works and after it has ended. "
        "Reports come by themselves; this is for a closer look."
    )
    repeatable = True
    timeout_seconds = DEFAULT_TIMEOUT_SECONDS
    arguments = ReadPodOutputArguments

    async def run(
        self, arguments: ReadPodOutputArguments, context: ToolContext
    ) -> ToolOutcome:
        """Show it."""
        if context.pods is None:
            return no_pods()
        output = await context.pods.output(arguments.name, arguments.after)
        said = [f"pod {output.pod!r} is {output.state}"]
        if not output.text:
            new = "nothing" if arguments.after is None else "nothing new"
            said.append(f"it has said {new}")
        more = "there is more: " if output.is_cut else ""
        said.append(f"{more}go on with after {output.next}")
        return ToolOutcome(status="ok", summary="; ".join(said), content=output.text)
