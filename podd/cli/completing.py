"""What the shell offers for a word that names a pod or a session.

Rules of this file: a listing of a directory, never a question to a pod. A shell asks
at each press of the tab key, and a name too many does no harm.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from podd.paths import places

if TYPE_CHECKING:
    from pathlib import Path


def pods(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Names of pods that have a socket; for `shell_complete=`."""
    return _names(places().pods, incomplete)


def known_pods(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Names of pods, live or ended; for `shell_complete=`."""
    logs = places().log_file("any").parents[1]
    return sorted({*pods(context, parameter, incomplete), *_names(logs, incomplete)})


def pods_and_sessions(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Names of pods, live or ended, then sessions; for `shell_complete=`."""
    return [
        *known_pods(context, parameter, incomplete),
        *sessions(context, parameter, incomplete),
    ]


def sessions(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Sessions, newest first; for `shell_complete=`."""
    # UUIDv7 begin with their time, so their order is that of their names.
    return _names(places().sessions, incomplete)[::-1]


def _names(directory: Path, incomplete: str) -> list[str]:
    try:
        found = os.listdir(directory)  # noqa: PTH208  # names, not paths: half the cost
    except OSError:
        return []
    return sorted(name for name in found if name.startswith(incomplete))
