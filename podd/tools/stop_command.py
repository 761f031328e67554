"""The tool that ends a command of the background."""

from __future__ import annotations

from typing import Annotated

import msgspec

from podd.tools.command_end import told
from podd.tools.tool import DEFAULT_TIMEOUT_SECONDS, ToolContext, ToolOutcome


class StopCommandArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to end."""

    command: Annotated[
        str, msgspec.Meta(description="Its id, as bash answered with.", min_length=1)
    ]


class StopCommand:
    """Ends a command and all it started."""

    name = "stop_command"
    description = (
        "End a command that runs in the background, with all that it started. One that "
        "has ended by itself tells how."
    )
    repeatable = True
    timeout_seconds = DEFAULT_TIMEOUT_SECONDS
    arguments = StopCommandArguments

    async def run(
        self, arguments: StopCommandArguments, context: ToolContext
    ) -> ToolOutcome:
        """End it, and return when it has ended."""
        if context.commands is None:
            return ToolOutcome(
                status="error",
                summary="this pod can run no commands; podctl doctor says why",
            )
        ended = await context.commands.stop(arguments.command)
        said = [f"command {arguments.command!r} {told(ended)}"]
        if ended.output_path is not None:
            said.append(f"its output is in {context.files.shown(ended.output_path)}")
        return ToolOutcome(status="ok", summary="; ".join(said))
