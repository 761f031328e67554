"""Find what is protected below a directory: `.git` and `.podd`, wherever they lie.

The walk is bounded, and what it has read once it reads again only when a directory has
changed: a command waits for it each time.

Rules of this file. Breadth first, so what lies near the top is found whatever the
number of files; links are not followed; nothing inside `.git` is walked.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

#: A walk ends here. What lies deeper, or after so many, is not protected from commands
#: (the file tools still refuse it).
MOST_LEVELS: Final = 6
MOST_DIRECTORIES: Final = 5000

#: A directory's time is as coarse as the kernel's tick, and another file system may
#: count in seconds: one that changed so shortly before it was read may change again
#: unseen.
_SETTLED_NANOSECONDS: Final = 2_000_000_000

#: Full of directories, and of packages that nobody has as a repository.
_NOT_WALKED: Final = frozenset({"node_modules", "__pycache__"})

_GIT, _PODD = ".git", ".podd"


@dataclass(frozen=True, slots=True)
class _Listing:
    changed: int
    is_settled: bool
    directories: tuple[str, ...]
    marks: tuple[str, ...]


class RepositorySearch:
    """Finds repositories, and remembers what it has seen."""

    def __init__(self, now: Callable[[], int]) -> None:
        """Remember nothing yet.

        Args:
            now: the time of day in nanoseconds, as files have it.
        """
        self._now = now
        self._seen: dict[str, _Listing] = {}

    def below(self, roots: Iterable[str], *, leave: frozenset[str]) -> list[str]:
        """Return the paths of each `.git` and `.podd` at or below the roots.

        Args:
            roots: directories; what cannot be read is left out.
            leave: paths that are not entered.
        """
        found: dict[str, None] = {}
        kept: dict[str, _Listing] = {}
        waiting = deque((root, 0) for root in roots)
        while waiting and len(kept) < MOST_DIRECTORIES:
            directory, level = waiting.popleft()
            if directory in kept or directory in leave:
                continue
            listing = self._list(directory)
            if listing is None:
                continue
            kept[directory] = listing
            base = directory.rstrip("/")
            found.update(dict.fromkeys(f"{base}/{name}" for name in listing.marks))
            if level < MOST_LEVELS:
                waiting += (
                    (f"{base}/{name}", level + 1) for name in listing.directories
                )
        self._seen = kept
        return list(found)

    def _list(self, directory: str) -> _Listing | None:
        now = self._now()
        try:
            changed = os.stat(directory, follow_symlinks=False).st_mtime_ns  # noqa: PTH116  # thousands of them
            known = self._seen.get(directory)
            if known is not None and known.is_settled and known.changed == changed:
                return known
            with os.scandir(directory) as entries:
                directories, marks = _sorted(entries)
        except OSError:
            return None
        return _Listing(
            changed=changed,
            is_settled=changed + _SETTLED_NANOSECONDS < now,
            directories=tuple(directories),
            marks=tuple(marks),
        )


def _sorted(entries: Iterable[os.DirEntry[str]]) -> tuple[list[str], list[str]]:
    directories: list[str] = []
    marks: list[str] = []
    for entry in entries:
        if entry.name in {_GIT, _PODD}:
            marks.append(entry.name)
        elif (
            entry.name not in _NOT_WALKED
            and entry.is_dir(follow_symlinks=False)
            and _is_text(entry.name)
        ):
            directories.append(entry.name)
    directories.sort()
    return directories, marks


def _is_text(name: str) -> bool:
    """Whether the launcher can be told of it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
