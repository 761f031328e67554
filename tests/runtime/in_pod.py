"""Gives a test its pod: `@in_pod`, and a parameter `pod`.

Not a fixture: those are set up and torn down in another task than the test runs in,
which task groups do not allow.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path

from podd.testing.harness import PodHarness


def in_pod(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Run the test with a pod that is idle and can be asked."""

    @wraps(test)
    async def run(*, short_directory: Path, **rest: object) -> None:
        async with PodHarness(short_directory) as pod:
            await test(pod=pod, **rest)

    names = ["short_directory", *inspect.signature(test).parameters]
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # for pytest
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)
        for name in names
        if name != "pod"
    )
    return run
