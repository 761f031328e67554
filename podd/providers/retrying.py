"""Repeat a try, as long as nothing of it has reached the caller."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import aclosing
from itertools import count

from podd.errors import ProviderError
from podd.providers.ports import Ports
from podd.providers.provider import Answer, OnRetry, Retry
from podd.providers.retry_policy import next_delay
from podd.providers.settings import ModelSettings

Try = Callable[[int, float], Answer]
"""Start the try of this number (from 1), to end by this deadline (monotonic)."""


async def with_retries(
    start: Try, *, settings: ModelSettings, ports: Ports, on_retry: OnRetry
) -> Answer:
    """Pass on the first try that speaks."""
    deadline = ports.monotonic() + settings.timeouts.total_seconds
    waited = 0.0
    for attempt in count(1):
        spoken = False
        try:
            async with aclosing(start(attempt, deadline)) as answer:
                async for item in answer:
                    spoken = True
                    yield item
        except ProviderError as error:
            delay = (
                None
                if spoken
                else next_delay(
                    error,
                    attempt=attempt,
                    waited_seconds=waited,
                    remaining_seconds=deadline - ports.monotonic(),
                    limits=settings.retries,
                    chance=ports.random(),
                )
            )
            if delay is None:
                raise
            retry = Retry(attempt, delay, error.fault, error.message)
        else:
            return
        told = on_retry(retry)
        if inspect.isawaitable(told):
            await told
        await ports.wait(retry.delay_seconds)
        waited += retry.delay_seconds
