"""Read a file that may be larger than memory should bear."""

from __future__ import annotations

import errno
import os
from typing import Final

#: The largest file that is held in memory at once. Above it, grep still looks.
FILE_BYTES: Final = 64 * 1024 * 1024


def read_bounded(descriptor: int, text: str, limit: int) -> bytes:
    """Read all of a file, or refuse.

    Raises:
        OSError: EFBIG, for more than `limit` bytes.
    """
    if (size := os.fstat(descriptor).st_size) > limit:
        raise OSError(
            errno.EFBIG, f"{size} bytes, more than the {limit} that are read", text
        )
    with open(descriptor, "rb", closefd=False) as file:  # a descriptor
        data = file.read(limit + 1)
    if len(data) > limit:
        # It grew, or it is one of the files of /proc that tell no size.
        raise OSError(errno.EFBIG, f"more than the {limit} bytes that are read", text)
    return data
