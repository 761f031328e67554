"""Whose the runtime directory is: a stranger's sockets are not talked to.

Its usual place lies in `/tmp`, where anyone could have made it first, with a socket
that waits for our prompts. Who starts a pod there is refused; so is who looks for one.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from podd.errors import UnsafeDirectoryError

#: Group and others may write.
_SHARED: Final = 0o022


def refuse_strangers(runtime: Path) -> None:
    """Pass a runtime directory that is ours alone, or is not there.

    Raises:
        UnsafeDirectoryError: others own it or may write to it, or it may not be looked
            at.
    """
    try:
        found = runtime.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise UnsafeDirectoryError(
            path=str(runtime), reason=f"cannot be looked at: {error.strerror}"
        ) from error
    if not stat.S_ISDIR(found.st_mode):
        raise UnsafeDirectoryError(path=str(runtime), reason="is not a directory")
    if found.st_uid != os.getuid():
        reason = f"belongs to uid {found.st_uid}"
        raise UnsafeDirectoryError(path=str(runtime), reason=reason)
    if found.st_mode & _SHARED:
        raise UnsafeDirectoryError(path=str(runtime), reason="others may write to it")
    if not os.access(runtime, os.R_OK | os.X_OK):
        raise UnsafeDirectoryError(path=str(runtime), reason="may not be read")
