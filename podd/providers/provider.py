"""The port that the runtime holds: ask a model, hear it speak, get one answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from podd.core.context.request import ModelRequest
from podd.core.context.response import ModelDelta, ModelResponse
from podd.errors import ProviderFault

Answer = AsyncGenerator[ModelDelta | ModelResponse, None]
"""Deltas, then exactly one `ModelResponse` as the last item.

An answer that was cut off raises and never yields a response. Whoever may stop before
the end holds it in `contextlib.aclosing`, so that the connection is let go at once.
"""


@dataclass(frozen=True, slots=True)
class Retry:
    """A try failed, and there will be another."""

    attempt: int
    """The one that failed, from 1."""
    delay_seconds: float
    """How long until the next."""
    reason: ProviderFault
    message: str


OnRetry = Callable[[Retry], Awaitable[None] | None]
"""Is told before the wait, and awaited if it returns an awaitable."""


class Provider(Protocol):
    """A model behind some API."""

    def stream(self, request: ModelRequest, on_retry: OnRetry) -> Answer:
        """Ask the model. May be cancelled at every await.

        A try is repeated only while nothing of it has reached the caller.

        Raises:
            ProviderError: from the iteration, with one of the known faults.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections. Harmless when there are none, and twice."""
        ...
