"""What lies on the disk for a while so that a hole can lie over it.

Standard library alone: the launcher makes and removes them, for it outlives its pod.
A placeholder belongs to all commands that run; the last one's end removes it, if nobody
has put anything into it meanwhile.

Rules of this file. Every way goes through open directories and never through a link:
other commands of the pod may be writing around it.
"""

from __future__ import annotations

import contextlib
import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing takes longer than all the rest here
    from collections.abc import Iterator
    from typing import Any

_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE_DIRECTORY, _MODE_FILE = 0o755, 0o644

#: Where it cannot be made by us, a command cannot make it either.
_NOT_FOR_COMMANDS = frozenset({errno.EROFS})


class Placeholders:
    """Those of one pod."""

    def __init__(self, root: str) -> None:
        """Know of none.

        Args:
            root: where the machine's root directory is to be found.
        """
        self._root = root
        self._made: dict[str, str | None] = {}
        self._known: dict[str, tuple[bool, str]] = {}
        self._users: dict[str, tuple[str, ...]] = {}

    def make(
        self,
        command: str,
        wanted: list[dict[str, Any]],
        mounted: tuple[str, ...] = (),
    ) -> None:
        """Make what is missing of `wanted`, for `command` among others.

        Args:
            command: needs them until it is released.
            wanted: what was not there when its plan was made.
            mounted: the paths that its plan mounts something at. Who planned while
                another command's placeholder lay there took it for something that is
                there, and that command may have ended since.

        Raises:
            OSError: one cannot be made; those that were stay until `release`.
        """
        needed = {item["path"]: (item["directory"], item["content"]) for item in wanted}
        for path in mounted:
            if path in self._known:
                needed.setdefault(path, self._known[path])
        self._users[command] = tuple(
            path for wanted_path in needed for path in _with_parents(wanted_path)
        )
        for path, (directory, content) in needed.items():
            self._make(path, directory, content)

    def release(self, command: str) -> None:
        """Remove what no running command needs any more, the deepest first."""
        left = self._users.pop(command, ())
        needed = {path for paths in self._users.values() for path in paths}
        unused = [path for path in dict.fromkeys(left) if path in self._made]
        for path in sorted(unused, key=len, reverse=True):
            if path not in needed:
                content = self._made.pop(path)
                with contextlib.suppress(OSError):
                    self._remove(path, content)

    def _make(self, path: str, directory: bool, content: str) -> None:  # noqa: FBT001  # as it stands in the plan
        try:
            parent = self._way(os.path.dirname(path))  # noqa: PTH120  # text in
        except OSError as error:
            if error.errno in _NOT_FOR_COMMANDS:
                return
            raise _named(error, path) from error
        try:
            self._make_in(parent, path, content, directory=directory)
        except FileExistsError:
            pass
        except OSError as error:
            if error.errno not in _NOT_FOR_COMMANDS:
                raise _named(error, path) from error
        finally:
            os.close(parent)

    def _make_in(
        self, parent: int, path: str, content: str, *, directory: bool
    ) -> None:
        name = os.path.basename(path)  # noqa: PTH119  # text in, text out
        if directory:
            os.mkdir(name, _MODE_DIRECTORY, dir_fd=parent)
        else:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            file = os.open(name, flags, _MODE_FILE, dir_fd=parent)
            try:
                os.write(file, content.encode())
            finally:
                os.close(file)
        self._made[path] = None if directory else content
        self._known[path] = (directory, content)

    def _way(self, path: str) -> int:
        """Open the directory `path`, and make what is missing of it."""
        here = os.open(self._root, _DIRECTORY)
        at = ""
        try:
            for part in path.split("/"):
                if not part:
                    continue
                at += f"/{part}"
                try:
                    below = os.open(part, _DIRECTORY, dir_fd=here)
                except FileNotFoundError:
                    self._make_in(here, at, "", directory=True)
                    below = os.open(part, _DIRECTORY, dir_fd=here)
                os.close(here)
                here = below
        except BaseException:
            os.close(here)
            raise
        return here

    def _remove(self, path: str, content: str | None) -> None:
        here = os.open(self._root, _DIRECTORY)
        try:
            *parts, name = (part for part in path.split("/") if part)
            for part in parts:
                below = os.open(part, _DIRECTORY, dir_fd=here)
                os.close(here)
                here = below
            if content is None:
                os.rmdir(name, dir_fd=here)
            elif self._is_untouched(here, name, content):
                os.unlink(name, dir_fd=here)
        finally:
            os.close(here)

    @staticmethod
    def _is_untouched(directory: int, name: str, content: str) -> bool:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.open(name, flags, dir_fd=directory)
        try:
            return os.read(file, len(content) + 1) == content.encode()
        finally:
            os.close(file)


def _with_parents(path: str) -> Iterator[str]:
    while path not in {"", "/"}:
        yield path
        path = path.rpartition("/")[0]


def _named(error: OSError, path: str) -> OSError:
    return OSError(error.errno, error.strerror, path)
