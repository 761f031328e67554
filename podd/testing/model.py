"""A model that says what a test wants, when it wants it."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio

from podd.core.context.conversation import TextPart, ToolCallPart
from podd.core.context.request import ModelRequest
from podd.core.context.response import ModelDelta, ModelResponse, TextDelta
from podd.errors import ProviderError, ProviderFault
from podd.runtime.ports import Retrying
from podd_protocol.values import Usage


@dataclass(frozen=True, slots=True)
class Retry:
    """An answer may hold one: the model says that it will try again."""

    attempt: int
    delay_seconds: float
    reason: ProviderFault


Item = ModelDelta | ModelResponse | Retry | anyio.Event | Exception
"""What an answer is made of: an event is waited for, an exception is raised."""


class ScriptedModel:
    """The runtime's `Model`, answering from a list.

    Attributes:
        requests: what it was asked, in order.
        given_up: how many answers were closed before their end.
    """

    def __init__(self, *answers: Sequence[Item]) -> None:
        self._answers = deque(answers)
        self.requests: list[ModelRequest] = []
        self.given_up = 0
        self._asked = anyio.Event()

    def say(self, *items: Item) -> None:
        """Answer so, after what was there already."""
        self._answers.append(items)

    async def asked(self, count: int) -> ModelRequest:
        """Wait for the request number `count`, from 1."""
        while len(self.requests) < count:
            self._asked = anyio.Event()
            await self._asked.wait()
        return self.requests[count - 1]

    async def stream(
        self,
        request: ModelRequest,
        on_retry: Callable[[Retrying], Awaitable[None]],
    ) -> AsyncGenerator[ModelDelta | ModelResponse, None]:
        """Give the next answer; without one, fail as an exhausted script does."""
        self.requests.append(request)
        self._asked.set()
        if not self._answers:
            raise ProviderError(
                fault="script_exhausted", message="no answer is left", provider="fake"
            )
        finished = False
        try:
            for item in self._answers.popleft():
                match item:
                    case anyio.Event():
                        await item.wait()
                    case Retry():
                        await on_retry(item)
                    case Exception():
                        finished = True
                        raise item
                    case _:
                        finished = isinstance(item, ModelResponse)
                        yield item
        finally:
            self.given_up += not finished

    async def aclose(self) -> None:
        """Nothing is held."""


def answer(text: str = "", *calls: tuple[str, str]) -> ModelResponse:
    """A whole answer: prose, and calls as (tool, arguments)."""
    said = (TextPart(text),) if text else ()
    asked = tuple(
        ToolCallPart("", name, arguments, f"call_{number}")
        for number, (name, arguments) in enumerate(calls, start=1)
    )
    return ModelResponse(
        parts=(*said, *asked),
        stop_reason="tool_use" if calls else "stop",
        usage=Usage(input_tokens=10, output_tokens=2, requests=1),
    )


def spoken(text: str, *, pieces: int = 1) -> tuple[Item, ...]:
    """An answer as it streams: so many deltas, then the whole."""
    size = -(-len(text) // pieces)
    deltas = (TextDelta(text[at : at + size]) for at in range(0, len(text), size))
    return (*deltas, answer(text))
