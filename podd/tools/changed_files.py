"""Which files that a pod may write have changed since a moment, by their times.

Times are what file systems tell: whoever sets the clock, or a file's time, is believed.
A file that was removed leaves nothing to see.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Final

from podd.core.scope.explanation import ScopeIndex
from podd.core.scope.rules import Scope

#: Names that one look takes in. A restore waits for it.
LOOKED_AT: Final = 20_000

#: And how long it may take: a name costs a few microseconds, unless the disk is slow.
LOOK_SECONDS: Final = 1.0

#: File times lag behind the clock by a tick of the kernel: 10 ms where it has 100 a
#: second, the fewest that Linux can be built with.
TICK_SECONDS: Final = 0.01

#: What lies in there is git's own, and much; it is told as one.
_GIT: Final = "/.git/"


class ChangedFiles:
    """One look. What was lent is not in the scope, so it is not looked at."""

    def __init__(
        self,
        scope: Scope,
        since: float,
        monotonic: Callable[[], float],
        *,
        names: int = LOOKED_AT,
        seconds: float = LOOK_SECONDS,
    ) -> None:
        """Look at everything below the scope's `write` rules.

        Args:
            scope: what the pod may touch now; grounded.
            since: seconds since the epoch; what is older is not kept.
            monotonic: a clock for the limit.
            names: how many to look at.
            seconds: how long.
        """
        self._scope = ScopeIndex(scope)
        self._roots = frozenset(scope.paths("write"))
        self._since = since - TICK_SECONDS
        self._monotonic = monotonic
        self._names = names
        self._deadline = monotonic() + seconds
        self.is_complete = True
        """Whether everything was looked at."""
        self._times: dict[str, float] = {}
        for root in sorted(self._roots):
            self._look_below(root)

    def since(self, moment: float) -> list[str]:
        """Return what has changed since `moment`, in the order of paths."""
        return sorted(
            path for path, time in self._times.items() if time >= moment - TICK_SECONDS
        )

    def _look_below(self, root: str) -> None:
        try:
            found = os.lstat(root)
        except OSError:
            return  # it is gone: nothing is there that could have changed
        if not os.path.isdir(root):  # noqa: PTH112  # str
            self._take(root, found)
            return
        directories = [root]
        while directories:
            for entry in self._names_in(directories.pop()):
                path = entry.path
                if path in self._roots or not self._scope.explain(path).writable:
                    continue
                try:
                    if entry.is_dir(follow_symlinks=False):
                        directories.append(path)
                    else:
                        self._take(path, entry.stat(follow_symlinks=False))
                except OSError:
                    continue  # gone since it was met

    def _names_in(self, directory: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(directory) as names:
                for entry in names:
                    if self._names <= 0 or self._monotonic() > self._deadline:
                        self.is_complete = False
                        return
                    self._names -= 1
                    yield entry
        except FileNotFoundError:
            return
        except OSError:
            self.is_complete = False

    def _take(self, path: str, found: os.stat_result) -> None:
        time = max(found.st_mtime, found.st_ctime)
        if time < self._since:
            return
        at = path.find(_GIT)
        if at >= 0:
            path = path[: at + len(_GIT)]
        self._times[path] = max(time, self._times.get(path, time))
