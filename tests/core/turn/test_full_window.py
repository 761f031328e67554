"""An answer that stopped because the window was full."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.context.response import ModelResponse
from podd.core.turn.limits import refined
from podd_protocol.values import Usage
from tests.core.turn.host import (
    SETTINGS,
    Host,
    queued,
)

#: Each answer costs 12 tokens, and each entry takes a second.
TOKENS = msgspec.structs.replace(SETTINGS, tokens=24, max_steps=9)
WALL = msgspec.structs.replace(SETTINGS, wall_seconds=100, max_steps=9)


def _working(settings) -> Host:
    return Host.after(queued("work"), settings=settings)


def _with(host: Host, **more) -> Host:
    """The same pod under other limits."""
    settings = msgspec.structs.replace(host.settings, **more)
    return Host.restored(host.entries, settings)


@pytest.mark.parametrize(
    ("stop", "usage", "window", "reason"),
    [
        ("output_limit", Usage(input_tokens=950), 1_000, "context_overflow"),
        ("output_limit", Usage(input_tokens=949), 1_000, "output_limit"),
        ("output_limit", Usage(input_tokens=949), 999, "context_overflow"),
        (
            "output_limit",
            Usage(input_tokens=1, cache_read_tokens=949),
            1_000,
            "context_overflow",
        ),
        (
            "output_limit",
            Usage(input_tokens=950, output_tokens=1),
            1_000,
            "output_limit",
        ),
        ("output_limit", Usage(input_tokens=950), None, "output_limit"),
        ("output_limit", Usage(input_tokens=950), 0, "output_limit"),
        ("stop", Usage(input_tokens=1_000), 1_000, "stop"),
        ("unknown", Usage(input_tokens=1_000), 1_000, "unknown"),
    ],
)
def test_nothing_said_into_a_full_window_is_an_overflow(stop, usage, window, reason):
    settings = msgspec.structs.replace(SETTINGS, context_window=window)
    response = ModelResponse(parts=(), stop_reason=stop, usage=usage)

    assert refined(settings, response) == reason


def test_an_overflow_ends_the_turn_as_what_it_is():
    host = _working(msgspec.structs.replace(SETTINGS, context_window=1_000))
    usage = Usage(input_tokens=990, requests=1)

    heard = host.answers(stop_reason="output_limit", usage=usage)

    assert heard.entries[0].stop_reason == "context_overflow"
    assert host.state.last_outcome.code == "context_overflow"
