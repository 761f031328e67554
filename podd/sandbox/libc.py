"""Calls into the C library that Python has no function for.

Standard library alone: the launcher runs this between fork and exec.
"""

from __future__ import annotations

import ctypes
import os
from typing import Final

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_LIBC.syscall.restype = ctypes.c_long

#: What a call may be given; a number is passed as a C long, whatever its size.
Argument = int | bytes | None | ctypes.Array[ctypes.c_char]


def call(function: str, *arguments: Argument, about: str | None = None) -> int:
    """Call a function of the C library that reports failure as -1.

    Args:
        function: its C name.
        arguments: numbers, zero-terminated byte strings, buffers, or null pointers.
        about: the path that the error is to name.

    Raises:
        OSError: it failed; `filename` is `about`.
    """
    passed = [
        ctypes.c_long(value) if isinstance(value, int) else value for value in arguments
    ]
    ctypes.set_errno(0)
    answer = int(getattr(_LIBC, function)(*passed))
    if answer == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), about)
    return answer
