from __future__ import annotations

import pytest

from tests.launch.pods import kill_all


@pytest.fixture
def places(universe):
    """A universe in which no pod outlives the test."""
    yield universe
    kill_all(universe)
