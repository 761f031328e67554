"""What this kernel offers, found out by asking it."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from typing import Final

#: System call numbers above 423 are the same on every architecture that Linux has
#: (alpha excepted, where podd has never been).
_OPENAT2: Final = 437

#: `RESOLVE_BENEATH` of linux/openat2.h.
_RESOLVE_BENEATH: Final = 0x08


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


def _name(number: int) -> str:
    return errno.errorcode.get(number, f"errno {number}")
