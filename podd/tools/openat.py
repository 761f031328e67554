"""Open a straight path: one that no link bends.

A path is straight when it is absolute, normalised and none of its parts is a link.
Whoever opens it straight has opened exactly what the text names, so a check of the text
is a check of the file, and nobody can swap a directory for a link in between: the
kernel refuses the link (ELOOP) instead of following it.

Two ways, the same answers: `openat2`, one system call, and a walk part by part for
kernels and containers that have no openat2. Neither reads a scope.
"""

from __future__ import annotations

import errno
import functools
import os
import stat
import struct
from collections.abc import Callable
from typing import Any, Final

Opener = Callable[[str, int], int]
"""(straight path, flags without O_CREAT) -> a descriptor that no child inherits.

Raises OSError; ELOOP is told for a link in any place, the last part included.
"""

#: The number of openat2 on every architecture (it came after the numbers were unified).
_OPENAT2: Final = 437
_AT_FDCWD: Final = -100
_RESOLVE_NO_MAGICLINKS: Final = 0x02
_RESOLVE_NO_SYMLINKS: Final = 0x04
_HOW: Final = struct.Struct("=QQQ")
"""struct open_how: flags, mode, resolve."""

#: A rename elsewhere, or a signal, may make the kernel give up; more than this many
#: times in a row is somebody doing it on purpose.
_RETRIES: Final = 64


@functools.cache
def best_opener() -> Opener:
    """Take openat2 where the kernel has it and lets us use it."""
    try:
        os.close(open_at_once("/", os.O_PATH | os.O_DIRECTORY))
    except OSError:
        # ENOSYS before Linux 5.6; EPERM from the seccomp filter of an older container.
        return open_by_steps
    return open_at_once


def open_at_once(path: str, flags: int) -> int:
    """Open with openat2."""
    descriptor: int = -1
    for _ in range(_RETRIES):
        descriptor = _call(
            _OPENAT2, _AT_FDCWD, os.fsencode(path), _how(flags), _HOW.size
        )
        if descriptor >= 0:
            return descriptor
        if (number := _error_number()) not in {errno.EAGAIN, errno.EINTR}:
            raise OSError(number, os.strerror(number), path)
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), path)


def open_by_steps(path: str, flags: int) -> int:
    """Open part by part; every step stands on the directory before it."""
    *parents, name = path.split("/")[1:]
    at = os.open("/", os.O_PATH | os.O_DIRECTORY)
    try:
        for part in parents:
            following = os.open(part, os.O_PATH | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = following
            if stat.S_ISLNK(os.fstat(at).st_mode):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        return _last_step(at, name or ".", flags, path)
    finally:
        os.close(at)


def _last_step(directory: int, name: str, flags: int, path: str) -> int:
    try:
        descriptor = os.open(name, flags | os.O_NOFOLLOW, dir_fd=directory)
    except NotADirectoryError:
        # With O_DIRECTORY a link is told as ENOTDIR here, as ELOOP by openat2.
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path) from None
        raise
    if flags & os.O_PATH and stat.S_ISLNK(os.fstat(descriptor).st_mode):
        # O_PATH opens the link itself, where openat2 refuses.
        os.close(descriptor)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    return descriptor


@functools.cache
def _how(flags: int) -> Any:  # noqa: ANN401  # a ctypes buffer, and ctypes comes late
    import ctypes

    resolve = _RESOLVE_NO_SYMLINKS | _RESOLVE_NO_MAGICLINKS
    return ctypes.create_string_buffer(
        _HOW.pack(flags | os.O_CLOEXEC, 0, resolve), _HOW.size
    )


def _load() -> tuple[Callable[..., int], Callable[[], int]]:
    import ctypes

    # No argtypes: converting by them costs more than the system call itself gains.
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    return call, ctypes.get_errno


def _call(*arguments: Any) -> int:  # noqa: ANN401  # as syscall(2)
    """Stand in for syscall(2) until it is first used; ctypes is slow to import."""
    global _call, _error_number  # replaced once, by the real ones
    _call, _error_number = _load()
    return _call(*arguments)


def _error_number() -> int:
    raise AssertionError("asked for errno before the first call")
