"""Landlock: what a process, and all that it starts, may still do to files.

Rules of this file. Standard library only, since the launcher imports it. Landlock only
grants, all the way down: a hole is made by granting its siblings instead of the tree
it lies in (`_grant_around`). Everything is granted through descriptors, so a name that
changes meanwhile changes nothing.

Not aware of: modes, owners, times, attributes and sockets that are files. Landlock
leaves them alone, whatever it was told; mount namespaces or `seccomp` close them. Nor
of capabilities: with CAP_PERFMON a process reads the environments of others in /proc
(tried on 6.18), so whoever restricts itself as root gives those up first.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from typing import TYPE_CHECKING, Final

from podd.sandbox import kernel, libc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: System call numbers above 423 are the same on x86_64 and aarch64.
_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446

#: `LANDLOCK_CREATE_RULESET_VERSION` and `LANDLOCK_RULE_PATH_BENEATH` of
#: linux/landlock.h.
_VERSION: Final = 1
_PATH_BENEATH: Final = 1

# The rights of linux/landlock.h, in the order of their bits.
_EXECUTE: Final = 1 << 0
_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_REMOVE_DIR: Final = 1 << 4
_REMOVE_FILE: Final = 1 << 5
_MAKE_CHAR: Final = 1 << 6
_MAKE_DIR: Final = 1 << 7
_MAKE_REG: Final = 1 << 8
_MAKE_SOCK: Final = 1 << 9
_MAKE_FIFO: Final = 1 << 10
_MAKE_BLOCK: Final = 1 << 11
_MAKE_SYM: Final = 1 << 12
_REFER: Final = 1 << 13
_TRUNCATE: Final = 1 << 14
_IOCTL_DEV: Final = 1 << 15

#: Every right that a version of Landlock first knew. What is handled and not granted is
#: refused; what is not handled stays as it was.
_SINCE: Final = {1: (1 << 13) - 1, 2: _REFER, 3: _TRUNCATE, 5: _IOCTL_DEV}

#: `LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL`, and their version.
_SCOPES: Final = 0b11
SCOPED_SINCE: Final = 6

#: The version from which truncating is Landlock's business.
TRUNCATION_SINCE: Final = 3

#: The version from which files can be moved between directories.
MOVING_SINCE: Final = 2

_READING: Final = _READ_FILE | _READ_DIR
_RUNNING: Final = _READING | _EXECUTE
#: Device files are handled and never granted: nobody needs to make one.
_WRITING: Final = (
    _READING
    | _WRITE_FILE
    | _REMOVE_DIR
    | _REMOVE_FILE
    | _MAKE_DIR
    | _MAKE_REG
    | _MAKE_SOCK
    | _MAKE_FIFO
    | _MAKE_SYM
    | _REFER
    | _TRUNCATE
    | _IOCTL_DEV
)
#: A rule for anything but a directory may hold these alone; the kernel refuses others.
_OF_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV


def abi() -> int:
    """The version of Landlock that is on; 0: none, or none that we may use."""
    try:
        return libc.call("syscall", _CREATE_RULESET, None, 0, _VERSION)
    except OSError:
        return 0


def restrict(
    *,
    write: Sequence[str],
    read: Sequence[str],
    execute: Sequence[str],
    scoped: bool,
    read_only: Sequence[str] = (),
    hidden: Sequence[str] = (),
) -> None:
    """Give up everything but these paths and what lies below them; for good.

    It holds for the calling thread and whatever it starts, with the best that the
    kernel's version offers. Descriptors that are open stay as they are. Where a path is
    named more than once its rights add up.

    Where there are holes, no entry can be made, removed or renamed in a directory that
    leads to one, and such a directory cannot be listed if the hole is hidden.

    Args:
        write: absolute paths that may be read, written, made and removed, not run.
        read: absolute paths that may be read.
        execute: absolute paths that may be read and run.
        scoped: neither signals nor connections to abstract sockets leave the sandbox,
            where the version is at least `SCOPED_SINCE`.
        read_only: real paths, which may not exist, that `write` above them does not
            reach. A path granted below a hole is granted.
        hidden: as `read_only`, and nothing else above them reaches there either.

    Raises:
        FileNotFoundError: a path that is to be granted is missing; `filename` says
            which.
        OSError: there is no Landlock, a path cannot be opened (`filename`), or there
            are 16 layers already. Nothing was given up.
    """
    version = abi()
    if not version:
        raise OSError(errno.EOPNOTSUPP, "this kernel offers no Landlock")
    handled = _handled(version)
    ruleset = _ruleset(handled, scoped=scoped and version >= SCOPED_SINCE)
    try:
        for paths, rights, holes in (
            (write, _WRITING, (*read_only, *hidden)),
            (write, _READING, hidden),
            (read, _READING, hidden),
            (execute, _RUNNING, hidden),
        ):
            for path in paths:
                _grant(ruleset, path, rights & handled, _within(path, holes))
        kernel.forgo_new_privileges()
        libc.call("syscall", _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _handled(version: int) -> int:
    handled = 0
    for since, rights in _SINCE.items():
        if version >= since:
            handled |= rights
    return handled


def _ruleset(handled: int, *, scoped: bool) -> int:
    """Make an empty ruleset and return its descriptor."""
    # struct landlock_ruleset_attr: files, network, scopes. An older kernel takes a
    # longer one as long as what it does not know is zero.
    attributes = struct.pack("=QQQ", handled, 0, _SCOPES if scoped else 0)
    return libc.call("syscall", _CREATE_RULESET, attributes, len(attributes), 0)


def _grant(ruleset: int, path: str, rights: int, holes: Sequence[str]) -> None:
    if path in holes:
        return
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if holes:
            _grant_around(ruleset, descriptor, path, rights, holes)
        else:
            _add(ruleset, descriptor, rights, path)
    finally:
        os.close(descriptor)


def _grant_around(
    ruleset: int, directory: int, path: str, rights: int, holes: Sequence[str]
) -> None:
    """Grant what lies in a directory and neither is a hole nor leads to one.

    A link is granted nothing: what it leads to is reached by its own name, or not.
    """
    if not stat.S_ISDIR(os.fstat(directory).st_mode):
        # A hole below a file: nothing can be made there while the file stays.
        _add(ruleset, directory, rights, path)
        return
    listing = os.open(".", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        names = os.listdir(listing)  # noqa: PTH208  # no pathlib in the launcher
    finally:
        os.close(listing)
    base = path.rstrip("/")
    for name in names:
        inside = f"{base}/{name}"
        if inside in holes:
            continue
        try:
            entry = os.open(
                name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory
            )
        except FileNotFoundError:
            # Gone since it was listed, and nobody was promised it.
            continue
        try:
            deeper = _within(inside, holes)
            if stat.S_ISLNK(os.fstat(entry).st_mode):
                continue
            if deeper:
                _grant_around(ruleset, entry, inside, rights, deeper)
            else:
                _add(ruleset, entry, rights, inside)
        finally:
            os.close(entry)


def _add(ruleset: int, descriptor: int, rights: int, path: str) -> None:
    if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
        rights &= _OF_FILES
    # struct landlock_path_beneath_attr, packed: rights, descriptor.
    rule = struct.pack("=Qi", rights, descriptor)
    libc.call("syscall", _ADD_RULE, ruleset, _PATH_BENEATH, rule, 0, about=path)


def _within(path: str, holes: Iterable[str]) -> tuple[str, ...]:
    """The holes at `path` or below it."""
    below = path.rstrip("/") + "/"
    return tuple(hole for hole in holes if hole == path or hole.startswith(below))
