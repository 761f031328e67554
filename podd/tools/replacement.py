"""Replace one file as a whole: afterwards it is the old one or the new one.

The new content is written beside the old under a name nobody can guess, synced, and
renamed over it. All of this stands on one descriptor of the directory, so a directory
that is swapped meanwhile takes nothing along: the rename happens where it was begun, or
not at all. A second name that the old file has elsewhere keeps the old content.

Knows paths, not scopes: what may be written is asked of its maker.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
from collections.abc import Callable
from typing import Final, Self

from podd.errors import OutsideScopeError
from podd.tools.file_change import FileChange
from podd.tools.openat import Opener
from podd.tools.read_tracker import digest_of

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY

#: Setuid and its like do not survive a new content, as they do not survive write(2).
_KEPT_MODE: Final = 0o777

#: Characters of the name that a temporary file shows. With four bytes each, and what
#: else its name has, they fit into the 255 bytes that Linux allows (NAME_MAX).
_SHOWN_NAME: Final = 56

#: Held from the last look at the old file until it is replaced, so that of two changes
#: in this process the later sees the earlier.
_committing: Final = threading.Lock()


class Replacement:
    """One attempt at replacing the file at one straight path.

    Use as a context manager: look, read, commit. Whatever is not committed at the end
    is removed.
    """

    def __init__(
        self,
        path: str,
        *,
        opener: Opener,
        require_writable: Callable[[str], None],
        verify_lease: Callable[[], None],
    ) -> None:
        self._path = path
        self._parent, _, self._name = path.rpartition("/")
        self._parent = self._parent or "/"
        self._open = opener
        self._require_writable = require_writable
        self._verify_lease = verify_lease
        self._directory = -1
        self._old: os.stat_result | None = None
        self._made: list[tuple[int, str]] = []
        self._done = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for parent, name in reversed(self._made):
            if name and not self._done:
                # Empty if only we were here; if not, it is no longer only ours.
                with contextlib.suppress(OSError):
                    os.rmdir(name, dir_fd=parent)
            os.close(parent)
        if self._directory >= 0:
            os.close(self._directory)

    def look(self) -> bool:
        """See what is there. False: the path is no longer straight; make it so again.

        Raises:
            OSError: the directory cannot be opened.
        """
        try:
            self._directory = self._open(self._parent, _DIRECTORY)
        except FileNotFoundError:
            return True
        except OSError as error:
            if _is_bent(error):
                return False
            raise
        self._old = self._stat()
        return self._old is None or not stat.S_ISLNK(self._old.st_mode)

    @property
    def is_regular(self) -> bool:
        """Whether there is no file yet, or one that can be replaced."""
        return self._old is None or stat.S_ISREG(self._old.st_mode)

    @property
    def mode(self) -> int:
        """What kind of thing is there, as of stat; 0 where there is nothing."""
        return 0 if self._old is None else self._old.st_mode

    def read(self, reader: Callable[[int], bytes]) -> bytes | None:
        """Read what is there. None: nothing is."""
        if self._old is None:
            return None
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW
        descriptor = os.open(self._name, flags, dir_fd=self._directory)
        try:
            self._old = os.fstat(descriptor)
            return reader(descriptor)
        finally:
            os.close(descriptor)

    def commit(self, before: bytes | None, after: bytes) -> FileChange | None:
        """Put `after` in place. None: something else happened to the path; try again.

        Raises:
            OutsideScopeError: a directory, or the temporary file, may not be made.
            PermissionError: the old file is write-protected.
            LeaseLostError, OSError: nothing was changed.
        """
        if self._directory < 0 and not self._make_directories():
            return None
        if self._old is not None and not os.access(
            self._name, os.W_OK, dir_fd=self._directory
        ):
            # The rename would not ask; writing in place would, and that is what
            # whoever took the write bit away has in mind.
            raise PermissionError(
                errno.EACCES, "the file is write-protected", self._path
            )
        temporary = f".{self._name[:_SHOWN_NAME]}.{os.urandom(8).hex()}.tmp"
        self._check_beside(temporary)
        if not self._stands():
            return None
        self._write(temporary, after)
        try:
            with _committing:
                self._verify_lease()
                if not self._is_unchanged() or not self._stands():
                    return None
                os.rename(
                    temporary,
                    self._name,
                    src_dir_fd=self._directory,
                    dst_dir_fd=self._directory,
                )
            self._done = True
        finally:
            if not self._done:
                os.unlink(temporary, dir_fd=self._directory)
        # The change is made; if the directory cannot be synced it is still made.
        with contextlib.suppress(OSError):
            os.fsync(self._directory)
        return FileChange(
            path=self._path,
            change="created" if before is None else "modified",
            before=before,
            after=digest_of(after),
        )

    def _check_beside(self, temporary: str) -> None:
        """A file is replaced through one beside it, which must lie in the scope too."""
        try:
            self._require_writable(f"{self._parent.rstrip('/')}/{temporary}")
        except OutsideScopeError as error:
            raise OutsideScopeError(
                path=error.path,
                access="write",
                reason="the scope gives the file alone, and files are replaced by way "
                "of their directory; [scope] write would have to name that",
            ) from error

    def _write(self, temporary: str, content: bytes) -> None:
        # A new file takes its mode from the umask, which only the kernel knows for
        # sure; the content of an old one is shown to nobody before its mode is set.
        mode = 0o666 if self._old is None else 0o600
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(temporary, flags, mode, dir_fd=self._directory)
        try:
            try:
                rest = memoryview(content)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                if self._old is not None:
                    _dress(descriptor, self._old)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except BaseException:
            os.unlink(temporary, dir_fd=self._directory)
            raise

    def _make_directories(self) -> bool:
        """Make what is missing of the way. False: the way is no longer straight."""
        try:
            at, at_path = self._deepest()
        except OSError as error:
            if _is_bent(error):
                return False
            raise
        missing = self._parent[len(at_path) :].strip("/").split("/")[::-1]
        while missing:
            name = missing.pop()
            made_path = f"{at_path.rstrip('/')}/{name}"
            self._made.append((at, ""))
            self._require_writable(made_path)
            self._verify_lease()
            if _real(at) != at_path:
                return False
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o777, dir_fd=at)
                self._made[-1] = (at, name)
                os.fsync(at)
            try:
                at = os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            except (FileNotFoundError, NotADirectoryError):
                return False
            at_path = made_path
        self._directory = at
        return True

    def _deepest(self) -> tuple[int, str]:
        """Open the deepest directory on the way that is there."""
        path = self._parent
        while True:
            path = path[: path.rfind("/")] or "/"
            with contextlib.suppress(FileNotFoundError):
                return self._open(path, _DIRECTORY), path

    def _stat(self) -> os.stat_result | None:
        try:
            return os.stat(self._name, dir_fd=self._directory, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def _is_unchanged(self) -> bool:
        now = self._stat()
        if now is None or self._old is None:
            return now is self._old
        return _identity(now) == _identity(self._old)

    def _stands(self) -> bool:
        """Whether the directory we stand on still is where its path says."""
        return _real(self._directory) == self._parent


def _real(descriptor: int) -> str:
    return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115  # str


def _is_bent(error: OSError) -> bool:
    return error.errno == errno.ELOOP


def _identity(found: os.stat_result) -> tuple[int, ...]:
    return (
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )


def _dress(descriptor: int, old: os.stat_result) -> None:
    """Give the new file the owner, as far as we may, and the mode of the old."""
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.fchown(descriptor, old.st_uid, old.st_gid)
        except PermissionError:
            with contextlib.suppress(PermissionError):
                os.fchown(descriptor, -1, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode) & _KEPT_MODE)
