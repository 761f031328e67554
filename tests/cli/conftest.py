"""What the tests of podctl share."""

from collections.abc import Iterator

import pytest

from podd.paths import Places, places
from tests.cli.scripted_pod import kill_all


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the caller's terminal is like."""
    for name in ("COLUMNS", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def pods_end(universe: Places) -> Iterator[Places]:
    """Give a universe whose pods end with the test."""
    yield universe
    kill_all(universe)
    # Where the test has moved it to.
    kill_all(places())
