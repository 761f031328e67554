"""A universe of its own for each test, empty again at its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from podd.paths import Places
from tests.end_to_end.shell import Shell, kill


@pytest.fixture
def shell(
    universe: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    """Give podctl with an empty HOME; the pods that it starts end with the test."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("NO_COLOR", raising=False)
    work = tmp_path / "here"
    work.mkdir()
    shell = Shell(universe, work)
    yield shell
    for pid in shell.processes():
        try:
            kill(pid)
        except ProcessLookupError:
            continue
