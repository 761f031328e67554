"""What the driver needs from the rooms below, as questions it asks.

Structural: the adapters need not know these. The production ones come from `journal`,
`providers` and `tools`; the in-memory ones from `podd.testing`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Protocol

from podd.core.context.request import ModelRequest
from podd.core.context.response import ModelDelta, ModelResponse
from podd.core.session.entries import AnyEntry
from podd.core.turn.effects import RunTool
from podd.core.turn.inputs import ToolFinished
from podd.errors import ProviderFault


class Replay(Protocol):
    """The session's entries, for those who missed their events."""

    @property
    def last_n(self) -> int:
        """The newest entry's number."""

    def read(self, first_n: int, limit_bytes: int) -> list[bytes]:
        """Whole lines from `first_n` on; at least one if there is one."""

    def read_events(self, seq: int, limit_bytes: int) -> list[AnyEntry]:
        """Entries from the one on that may hold the event `seq`; none past the end."""


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


class Tools(Protocol):
    """What runs tool calls. A failing tool is a result, never an exception."""

    async def run(
        self, call: RunTool, on_output: Callable[[str], None]
    ) -> ToolFinished:
        """Run one call to its end."""
