"""AGENTS.md: what a directory's keeper tells the agents that work in it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from podd.core.scope.explanation import ScopeIndex
from podd.core.scope.rules import Scope

NAME: Final = "AGENTS.md"

#: Bytes of it that go into every request. Those in use are below 20 KiB.
LARGEST: Final = 65_536


@dataclass(frozen=True, slots=True)
class AgentsFile:
    """One such file, or why it could not be read."""

    path: str
    content: str = ""
    left_out: int = 0
    """Bytes after the first `LARGEST`."""
    fault: str = ""


def find_agents_file(workdir: str, scope: Scope) -> AgentsFile | None:
    """Return the nearest one upwards from `workdir` that the pod may read.

    Args:
        workdir: absolute and real.
        scope: grounded. A link counts as where it leads.
    """
    index = ScopeIndex(scope)
    start = Path(workdir)
    for directory in (start, *start.parents):
        path = directory / NAME
        if os.path.lexists(path) and index.explain(os.path.realpath(path)).readable:
            return _read(path)
    return None


def _read(path: Path) -> AgentsFile:
    try:
        # Not blocking: a pipe without a writer must not hold us up.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123  # a descriptor has no Path
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                return AgentsFile(path=str(path), fault="it is not a regular file")
            content = file.read(LARGEST)
    except OSError as error:
        return AgentsFile(path=str(path), fault=str(error.strerror))
    left_out = max(0, found.st_size - len(content))
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        # A character of up to four bytes may be cut at the end, and only there.
        if not left_out or error.start < len(content) - 3:
            return AgentsFile(path=str(path), fault="it is not UTF-8")
        left_out += len(content) - error.start
        text = content[: error.start].decode()
    return AgentsFile(path=str(path), content=text.strip(), left_out=left_out)
