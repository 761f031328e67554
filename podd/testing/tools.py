"""Tools that do nothing but note that they were run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import anyio

from podd.core.turn.effects import RunTool
from podd.core.turn.inputs import ToolFinished
from podd_protocol.values import ToolStatus


@dataclass(frozen=True, slots=True)
class ToolScript:
    """What one tool does."""

    status: ToolStatus = "ok"
    summary: str = "done"
    output: str = ""
    prints: tuple[str, ...] = ()
    """Told while it runs."""
    after: anyio.Event | None = None
    """Ends when this is set; None: at once."""
    raises: Exception | None = None
    """Instead of a result: a bug."""


@dataclass(slots=True)
class RecordingTools:
    """The runtime's `Tools`; a tool without a script succeeds at once."""

    scripts: dict[str, ToolScript] = field(default_factory=dict)
    """By the tool's name."""
    calls: list[RunTool] = field(default_factory=list)
    """What was begun, in order."""
    given_up: list[str] = field(default_factory=list)
    """Calls that were cancelled."""
    _begun: anyio.Event = field(default_factory=anyio.Event)

    async def begun(self, count: int) -> RunTool:
        """Wait for the call number `count`, from 1."""
        while len(self.calls) < count:
            self._begun = anyio.Event()
            await self._begun.wait()
        return self.calls[count - 1]

    async def run(
        self, call: RunTool, on_output: Callable[[str], None]
    ) -> ToolFinished:
        """Note the call, then do what its script says."""
        self.calls.append(call)
        self._begun.set()
        script = self.scripts.get(call.name, ToolScript())
        for text in script.prints:
            on_output(text)
        try:
            if script.after is not None:
                await script.after.wait()
        except anyio.get_cancelled_exc_class():
            self.given_up.append(call.call)
            raise
        if script.raises is not None:
            raise script.raises
        return ToolFinished(
            call=call.call,
            status=script.status,
            summary=script.summary,
            output=script.output,
        )
