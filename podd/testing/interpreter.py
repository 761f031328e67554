"""An interpreter that runs nothing: it calls and ends as it was told beforehand."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

from podd.runtime.ports import CallAnswer, CodeEnd

#: How a block without a script ends.
RAN = CodeEnd(status="ok", summary="ran")


@dataclass(frozen=True, slots=True)
class CodeScript:
    """What one block does."""

    calls: tuple[tuple[str, str], ...] = ()
    """Tools and their arguments, one after the other."""
    prints: tuple[str, ...] = ()
    after: anyio.Event | None = None
    """Ends when this is set; None: at once."""
    end: CodeEnd = RAN
    raises: Exception | None = None
    """Instead of an end: a bug."""


@dataclass(slots=True)
class RecordingInterpreter:
    """The runtime's `Interpreter`."""

    scripts: deque[CodeScript] = field(default_factory=deque)
    """Of the next blocks; one without a script ends well at once."""
    blocks: list[tuple[str, str]] = field(default_factory=list)
    """Name and code of what was begun, in order."""
    answers: list[CallAnswer] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    """Blocks that were cancelled."""

    async def run(
        self,
        code: str,
        *,
        block: str,
        on_output: Callable[[str], None],
        on_call: Callable[[str, str], Awaitable[CallAnswer]],
    ) -> CodeEnd:
        """Note the block, then do what its script says."""
        self.blocks.append((block, code))
        script = self.scripts.popleft() if self.scripts else CodeScript()
        try:
            for text in script.prints:
                on_output(text)
            for name, arguments in script.calls:
                self.answers.append(await on_call(name, arguments))
            if script.after is not None:
                await script.after.wait()
        except anyio.get_cancelled_exc_class():
            self.given_up.append(block)
            raise
        if script.raises is not None:
            raise script.raises
        return script.end

    async def aclose(self) -> None:
        """Nothing runs."""
