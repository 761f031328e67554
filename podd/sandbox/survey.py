"""Look up what a plan has to know. Blocks, so it belongs into a worker thread."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from podd.core.scope.explanation import PROTECTED
from podd.core.scope.rules import Scope
from podd.errors import CommandNotStartedError
from podd.sandbox.facts import Facts, Kind
from podd.sandbox.repositories import RepositorySearch
from podd.sandbox.settings import SandboxSettings
from podd.sandbox.sockets import listening_places
from podd.sandbox.toolchains import Toolchains, find_toolchains

#: More entries of a directory that is given without what lies below it cannot be shown
#: one by one.
MOST_SHALLOW_ENTRIES: Final = 2000

_TEMPORARY: Final = ("/tmp", "/dev/shm")  # noqa: S108  # looked at, not used


class Survey:
    """Looks at the disk for the plans of one pod, and remembers what seldom changes."""

    def __init__(
        self, settings: SandboxSettings, environment: Mapping[str, str]
    ) -> None:
        """Look at nothing yet.

        Args:
            settings: of the pod.
            environment: of the pod.
        """
        self._settings = settings
        self._environment = environment
        self._home = _home(environment)
        self._repositories = RepositorySearch(time.time_ns)
        self._toolchains: Toolchains | None = None
        self._private: tuple[str, ...] = ()

    def look(self, scope: Scope, cwd: str) -> Facts:
        """Look up what a plan for `scope` needs.

        Raises:
            CommandNotStartedError: a directory without what lies below it is too large.
        """
        toolchains = self._find_toolchains()
        holes = frozenset((*scope.paths("read_only"), *scope.paths("hidden")))
        roots = [rule.path for rule in scope.rules if rule.access == "write"]
        marks = self._repositories.below(roots, leave=holes)
        closed = (
            *self._settings.hidden,
            *self._private,
            *listening_places(self._environment, self._home),
        )
        paths: set[str] = {"/", cwd, self._home, *_TEMPORARY, *closed, *marks}
        paths.update(self._settings.shown, toolchains.directories)
        for rule in scope.rules:
            paths.update(_upwards(rule.path))
        for mark in marks:
            paths.update(_upwards(mark))
        for path in (*closed, *self._settings.shown):
            paths.update(_upwards(path))
        for root in roots:
            paths.update(_protected(root))
        for mark in marks:
            paths.update(_protected(os.path.dirname(mark)))  # noqa: PTH120  # text in
        linked = [path for mark in marks for path in _linked(mark)]
        for path in linked:
            paths.update(_upwards(path))
        links = dict(toolchains.links)
        entries: list[str] = []
        for rule in scope.rules:
            if not rule.recursive:
                entries += _entries(rule.path, links)
        paths.update(entries, links)
        return Facts(
            kinds={path: _kind(path) for path in paths},
            readable=tuple(toolchains.directories),
            links=links,
            marks=tuple(marks),
            linked=tuple(linked),
            closed=tuple(dict.fromkeys(closed)),
            entries=tuple(entries),
            home=self._home,
        )

    def _find_toolchains(self) -> Toolchains:
        if self._toolchains is None:
            self._toolchains = find_toolchains(
                self._environment.get("PATH", ""),
                home=self._home,
                more=self._settings.read,
                written=self._settings.written,
            )
            # Root may read what others may not; its commands may read what others may.
            self._private = tuple(_not_for_all("/etc")) if os.geteuid() == 0 else ()
        return self._toolchains


def _home(environment: Mapping[str, str]) -> str:
    named = environment.get("HOME", "")
    return os.path.realpath(named if named.startswith("/") else os.path.expanduser("~"))  # noqa: PTH111  # text in


def _kind(path: str) -> Kind:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return "missing"
    if stat.S_ISDIR(mode):
        return "directory"
    return "link" if stat.S_ISLNK(mode) else "file"


def _upwards(path: str) -> Iterator[str]:
    while path != "/":
        yield path
        path = path.rpartition("/")[0] or "/"


def _protected(directory: str) -> Iterator[str]:
    base = directory.rstrip("/")
    yield f"{base}/.git"
    for name in PROTECTED:
        yield f"{base}/{name}"


def _linked(mark: str) -> Iterator[str]:
    """Yield what is protected of each linked work tree of a repository.

    Who could write it would choose the configuration that git obeys in that tree.
    """
    try:
        with os.scandir(f"{mark}/worktrees") as trees:
            for tree in trees:
                tree.path.encode()
                if tree.is_dir(follow_symlinks=False):
                    yield f"{tree.path}/commondir"
                    yield f"{tree.path}/config.worktree"
    except (UnicodeEncodeError, OSError):
        return


def _entries(directory: str, links: dict[str, str]) -> list[str]:
    """Return what lies in a directory; what links say is added to `links`."""
    found: list[str] = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                try:
                    entry.path.encode()
                    if entry.is_symlink():
                        links[entry.path] = _said(entry.path)
                except (UnicodeEncodeError, OSError):
                    continue  # cannot be told to the launcher, or has gone
                found.append(entry.path)
                if len(found) > MOST_SHALLOW_ENTRIES:
                    raise _too_many(directory)
    except OSError:
        pass
    return found


def _said(link: str) -> str:
    target = os.readlink(link)  # noqa: PTH115  # text in, text out
    target.encode()
    return target


def _too_many(directory: str) -> CommandNotStartedError:
    return CommandNotStartedError(
        reason=f"{directory} has more than {MOST_SHALLOW_ENTRIES} entries, too many "
        "to be shown without what lies below them",
        hint="make its rule in [scope] recursive, or name a smaller directory",
    )


def _not_for_all(top: str) -> Iterable[str]:
    """Yield what lies below `top` and is not for others to read."""
    for directory, directories, files in os.walk(top):
        for name in (*files, *directories):
            path = os.path.join(directory, name)  # noqa: PTH118  # text in, text out
            try:
                mode = os.lstat(path).st_mode
            except OSError:
                continue
            wanted = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) else 0)
            if not stat.S_ISLNK(mode) and mode & wanted != wanted:
                yield path
                if name in directories:
                    directories.remove(name)
