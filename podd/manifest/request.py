"""What is to be loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from podd.paths import Places


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What is to be loaded, and everything it depends on besides the files."""

    file: Path | None
    """The manifest given; None: the other layers must do."""
    overrides: Sequence[str]
    """Of `--set`: each `KEY=VALUE`."""
    caller_directory: Path
    """Where the command was typed."""
    environment: Mapping[str, str]
    """Of the caller; `HOME` is looked up in it."""
    places: Places
