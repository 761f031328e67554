"""The pods that people attach to in these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from podd.paths import Places
from tests.client.fake_pod import FakePod, fake_pod


@pytest.fixture
def demo(universe: Places) -> Iterator[FakePod]:
    """Give a live pod of this name."""
    with fake_pod(universe.socket("demo")) as pod:
        yield pod


@pytest.fixture
def running(demo: FakePod) -> FakePod:
    """Give one that has a turn open."""
    demo.state, demo.turn = "running", "t1"
    return demo
