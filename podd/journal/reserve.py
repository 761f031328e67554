"""Room set aside, so that results and the end still fit when the disk is full."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final, final

#: Bytes. Room for the results of a full set of parallel tool calls (16 KiB of output
#: each by default), the end of the turn, and session.json.
RESERVE_BYTES: Final = 256 * 1024

#: File systems that cannot allocate beforehand. There the reserve is none, and a full
#: disk is still told; only the room for the last words is missing.
_CANNOT: Final = frozenset({errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS})


@final
class Reserve:
    """One file that is only there to be given back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_held = False

    def take(self) -> None:
        """Set the room aside.

        Raises:
            OSError: there is none.
        """
        if self.is_held:
            return
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
        except OSError as error:
            # A part of a reserve would take the room that it is to give.
            self._path.unlink(missing_ok=True)
            if error.errno not in _CANNOT:
                raise
        finally:
            os.close(descriptor)
        self.is_held = True

    def give_back(self) -> None:
        """Free the room. Does nothing where none is held."""
        self.is_held = False
        self._path.unlink(missing_ok=True)
