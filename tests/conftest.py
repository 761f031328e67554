"""What every test stands on: profiles of hypothesis, a clean environment, places."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from podd.paths import Places, places

# No deadline: a busy machine is not a bug. The same examples each time where a red run
# has to be the fault of the change.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> Iterator[None]:
    """Take away what the caller has set up for pods of their own, keys above all."""
    with pytest.MonkeyPatch.context() as patch:
        for name in tuple(os.environ):
            if name.startswith(("PODD_", "XDG_")) or name.endswith("_API_KEY"):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> Iterator[None]:
    """Let what tests start hear what a background job or `nohup` ignores."""
    hear = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGHUP: signal.SIG_DFL,
        signal.SIGTERM: signal.SIG_DFL,
    }
    before = {number: signal.getsignal(number) for number in hear}
    for number, handler in hear.items():
        if before[number] is signal.SIG_IGN:
            signal.signal(number, handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session", autouse=True)
def _no_dangling_links() -> Iterator[None]:
    """Take away the short links to runtime directories that are gone with a test."""
    yield
    for link in Path("/tmp").glob(f"podd-{os.getuid()}-*"):
        if link.is_symlink() and not link.exists():
            link.unlink(missing_ok=True)


@pytest.fixture
def short_directory() -> Iterator[Path]:
    """Make a directory so short that a socket below it fits into 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="podd-", dir="/tmp") as directory:
        yield Path(directory)


@pytest.fixture
def universe(short_directory: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Give the test, and what it starts, a runtime, state and configuration of its own.

    None of the three exists yet: whoever writes there makes it.
    """
    for name in ("RUNTIME", "STATE", "CONFIG"):
        directory = short_directory / name.lower()
        monkeypatch.setenv(f"PODD_{name}_DIR", str(directory))
    return places()
