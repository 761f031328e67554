"""Several names on one command line, of which some may fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podd.cli.output import Output
    from podd.errors import PoddError


def raise_first(output: Output, failures: Sequence[PoddError]) -> None:
    """Raise the first failure, which gives the exit code; say the others.

    Called at the end: one name that fails must not keep the others from being served.
    """
    for failure in failures[1:]:
        output.say(f"podctl: {failure}")
    if failures:
        raise failures[0]
