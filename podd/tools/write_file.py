"""The tool that writes a file as a whole."""

from __future__ import annotations

from typing import Annotated

import msgspec

from podd.tools.read_tracker import ReadTracker
from podd.tools.text import count
from podd.tools.tool import DEFAULT_TIMEOUT_SECONDS, ToolContext, ToolOutcome


class WriteFileArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to write."""

    path: Annotated[
        str,
        msgspec.Meta(description="The file; missing directories are made."),
    ]
    content: Annotated[str, msgspec.Meta(description="All of the new content.")]


class WriteFile:
    """Creates a file, or replaces one that was seen."""

    name = "write_file"
    description = (
        "Create a file, or replace all of its content. A file that exists must have "
        "been read, and not have changed since. To change a part of a file use "
        "edit_file."
    )
    repeatable = False
    timeout_seconds = DEFAULT_TIMEOUT_SECONDS
    arguments = WriteFileArguments

    async def run(
        self, arguments: WriteFileArguments, context: ToolContext
    ) -> ToolOutcome:
        """Write it in one step: nobody ever sees half of it."""
        content = arguments.content.encode()

        def compute(path: str, before: bytes | None) -> bytes | ToolOutcome:
            if before is None:
                return content
            name = context.files.shown(path)
            if (
                refusal := refuse_unseen(context.reads, path, before, name)
            ) is not None:
                return refusal
            if before == content:
                return ToolOutcome(
                    status="ok", summary=f"{name} already has exactly this content"
                )
            return content

        change = await context.files.change(arguments.path, compute, call=context.call)
        if isinstance(change, ToolOutcome):
            return change
        context.reads.record(change.path, change.after)
        done = "created" if change.before is None else "replaced"
        lines = content.count(b"\n") + (bool(content) and not content.endswith(b"\n"))
        size = f"{count(len(content), 'byte')}, {count(lines, 'line')}"
        return ToolOutcome(
            status="ok",
            summary=f"{done} {context.files.shown(change.path)}: {size}",
            changes=(change,),
        )


def refuse_unseen(
    reads: ReadTracker, path: str, content: bytes, name: str
) -> ToolOutcome | None:
    """Refuse to touch what the model has not seen as it is now."""
    sight = reads.sight(path, content)
    if sight == "fresh":
        return None
    why = {
        "unread": "has not been read in this session",
        "stale": "has changed since it was read",
    }[sight]
    return ToolOutcome(
        status="error",
        summary=f"{name} {why}; edits need a read that is not stale: read_file first",
    )
