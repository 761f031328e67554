"""What this kernel offers, found out by asking it.

Nothing here changes the process that asks: a namespace is tried in a child.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import subprocess
import sys
from typing import Final

#: System call numbers above 423 are the same on every architecture that Linux has
#: (alpha excepted, where podd has never been).
_OPENAT2: Final = 437
_LANDLOCK_CREATE_RULESET: Final = 444

#: `LANDLOCK_CREATE_RULESET_VERSION` of linux/landlock.h.
_LANDLOCK_VERSION: Final = 1

#: `RESOLVE_BENEATH` of linux/openat2.h.
_RESOLVE_BENEATH: Final = 0x08

#: `CLONE_NEWUSER` of linux/sched.h.
_CLONE_NEWUSER: Final = 0x10000000

#: Seconds that the child which tries a namespace may take.
_CHILD_SECONDS: Final = 10.0


class _OpenHow(ctypes.Structure):
    """`struct open_how` of linux/openat2.h."""

    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


def release() -> str:
    """The kernel's name and version."""
    return f"{platform.system()} {platform.release()} {platform.machine()}"


def openat2_fault() -> str:
    """Why `openat2` does not work here; empty where it does."""
    libc = ctypes.CDLL(None, use_errno=True)
    how = _OpenHow(os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, 0, _RESOLVE_BENEATH)
    root = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        opened = libc.syscall(
            _OPENAT2, root, b".", ctypes.byref(how), ctypes.sizeof(how)
        )
        if opened < 0:
            return _name(ctypes.get_errno())
        os.close(opened)
        return ""
    finally:
        os.close(root)


def landlock_abi() -> int | str:
    """The version of Landlock that is on, or why there is none."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = int(
        libc.syscall(
            _LANDLOCK_CREATE_RULESET,
            None,
            ctypes.c_size_t(0),
            ctypes.c_uint32(_LANDLOCK_VERSION),
        )
    )
    return _name(ctypes.get_errno()) if version < 0 else version


def user_namespace_fault() -> str:
    """Why this user can have no user namespace; empty where that works."""
    program = (
        "import ctypes, sys\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        f"failed = libc.unshare({_CLONE_NEWUSER})\n"
        "sys.exit(ctypes.get_errno() if failed else 0)\n"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_CHILD_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return _name(done.returncode) if done.returncode else ""


def _name(number: int) -> str:
    return errno.errorcode.get(number, f"errno {number}")
