"""What the tests of podctl share."""

from collections.abc import Iterator

import pytest

from podd.paths import Places
from tests.cli.scripted_pod import kill_all


@pytest.fixture
def pods_end(universe: Places) -> Iterator[Places]:
    """Give a universe whose pods end with the test."""
    yield universe
    kill_all(universe)
