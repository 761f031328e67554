"""What the driver needs from the rooms below, as questions it asks.

Structural: the adapters need not know these. The production ones come from `journal`,
`providers` and `tools`; the in-memory ones from `podd.testing`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from podd.core.context.request import ModelRequest
from podd.core.context.response import ModelDelta, ModelResponse
from podd.core.session.entries import AnyEntry
from podd.core.turn.effects import RunTool
from podd.core.turn.inputs import ToolFinished
from podd.errors import ProviderFault
from podd_protocol.values import ToolStatus

if TYPE_CHECKING:
    from podd.core.turn.decide import Decision
    from podd.manifest.configuring import Changes


class Replay(Protocol):
    """The session's entries, for those who missed their events."""

    @property
    def last_n(self) -> int:
        """The newest entry's number."""

    def read(self, first_n: int, limit_bytes: int) -> list[bytes]:
        """Whole lines from `first_n` on; at least one if there is one."""

    def read_events(self, seq: int, limit_bytes: int) -> list[AnyEntry]:
        """Entries from the one on that may hold the event `seq`; none past the end."""


class MadeFork(Protocol):
    """A new session that nothing runs yet."""

    @property
    def session(self) -> str: ...
    @property
    def at(self) -> int:
        """The last entry that it shares with the original."""


class Forks(Protocol):
    """What makes new sessions of this one."""

    async def fork(self, at: int | None) -> MadeFork:
        """Take the entries up to `at`; None: as many as there are between two steps.

        Raises:
            ForkPointError: it cannot be forked there.
            PoddError: the journal cannot be read, or the fork not be kept.
        """


class Retrying(Protocol):
    """A request that failed before its first content and will be sent again."""

    @property
    def attempt(self) -> int: ...
    @property
    def delay_seconds(self) -> float: ...
    @property
    def reason(self) -> ProviderFault: ...


class Model(Protocol):
    """Something that answers requests."""

    def stream(
        self,
        request: ModelRequest,
        on_retry: Callable[[Retrying], Awaitable[None]],
    ) -> AsyncGenerator[ModelDelta | ModelResponse, None]:
        """Deltas, then the one response; raises `ProviderError`."""

    async def aclose(self) -> None:
        """Let go of connections."""


class Children(Protocol):
    """What keeps an eye on the pods that this one lends to."""

    def watch(self, session: str) -> None:
        """Read what a child writes, from where the state says, until it is gone."""

    def look(self, session: str) -> None:
        """Somebody says that there is something to read."""


class Configuring(Protocol):
    """What changes the manifest of a living pod."""

    async def configure(self, changes: Changes) -> Decision:
        """Change it from the next step on.

        Raises:
            PoddError: it cannot be so; nothing was changed.
        """


class Tools(Protocol):
    """What runs tool calls. A failing tool is a result, never an exception."""

    async def run(
        self, call: RunTool, on_output: Callable[[str], None]
    ) -> ToolFinished:
        """Run one call to its end."""


class CodeEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How a block of code ended."""

    status: ToolStatus
    """ok; error where it raised, died or took too long; interrupted."""
    summary: str
    """What happened, one line."""
    output: str = ""
    """What it printed, and the traceback where it raised; cut as tools' outputs are."""
    spilled_to: str | None = None
    submitted: bool = False
    value: Any = None
    lost: bool = False
    """The interpreter ended with it: the names that code had given are gone."""


class CallAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a tool that code has called."""

    status: ToolStatus
    summary: str
    output: str = ""


class Interpreter(Protocol):
    """What runs a model's code; its names live from block to block."""

    async def run(
        self,
        code: str,
        *,
        block: str,
        on_output: Callable[[str], None],
        on_call: Callable[[str, str], Awaitable[CallAnswer]],
    ) -> CodeEnd:
        """Run one block to its end; a failing one is a result.

        A cancellation interrupts the block, then passes.

        Args:
            code: Python.
            block: names the file of its output; unique in the session.
            on_output: takes what is printed, while it is.
            on_call: runs a tool, by its name and its arguments in JSON.
        """

    async def aclose(self) -> None:
        """End it."""
