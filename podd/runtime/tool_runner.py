"""Runs tool calls with what the `tools` room offers. Imported when first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import anyio.to_thread
from msgspec import UNSET

from podd.core.turn.effects import RunTool
from podd.core.turn.inputs import FileChange, ToolFinished
from podd.runtime.redaction import Redaction
from podd.tools.catalog import run_call
from podd.tools.output_store import OutputStore
from podd.tools.ports import Commands, Pods
from podd.tools.read_tracker import ReadTracker
from podd.tools.scoped_files import ScopedFiles
from podd.tools.tool import ToolContext


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRunner:
    """The runtime's `Tools`, with what its pod's calls share."""

    put_blob: Callable[[bytes], str]
    redaction: Redaction
    files: ScopedFiles
    workdir: str
    reads: ReadTracker
    outputs: OutputStore
    timeouts: Mapping[str, float]
    commands: Commands | None = None
    pods: Pods | None = None
    sees_pictures: Callable[[], bool]

    async def run(
        self, call: RunTool, on_output: Callable[[str], None]
    ) -> ToolFinished:
        """Run one call to its end."""
        context = ToolContext(
            files=self.files,
            workdir=self.workdir,
            reads=self.reads,
            outputs=self.outputs,
            progress=lambda text: on_output(self.redaction.text(text)),
            call=call.call,
            timeouts=self.timeouts,
            commands=self.commands,
            pods=self.pods,
            sees_pictures=self.sees_pictures,
        )
        outcome = await run_call(call.name, call.arguments, context)
        changes: list[FileChange] = []
        for change in outcome.changes:
            before = change.before
            changes.append(
                FileChange(
                    path=change.path,
                    change=change.change,
                    before=None
                    if before is None
                    else await anyio.to_thread.run_sync(self.put_blob, before),
                    after=change.after,
                )
            )
        return ToolFinished(
            call=call.call,
            status=outcome.status,
            summary=self.redaction.text(outcome.summary),
            output=outcome.content,
            spilled_to=outcome.spilled_to,
            changes=tuple(changes),
            images=outcome.images or UNSET,
        )
