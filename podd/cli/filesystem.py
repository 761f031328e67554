"""Which file system a path lies on, and what lies below a directory."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

_MOUNTS: Final = Path("/proc/self/mountinfo")

#: mountinfo writes space, tab, line feed and backslash as three octal digits.
_ESCAPE: Final = re.compile(rb"\\([0-7]{3})")

#: File systems where locks, or the order of writes, depend on another machine.
REMOTE: Final = frozenset(
    {
        "nfs",
        "nfs4",
        "9p",
        "cifs",
        "smb3",
        "smbfs",
        "ceph",
        "afs",
        "fuse.sshfs",
        "virtiofs",
    }
)


def kind(path: Path) -> str:
    """The file system's name, such as `ext4`; empty where the kernel does not tell.

    Args:
        path: absolute; where it does not exist, its nearest parent that does counts.
    """
    try:
        lines = _MOUNTS.read_bytes().splitlines()
    except OSError:
        return ""
    return deepest(lines, existing(path).resolve())


def deepest(mounts: list[bytes], path: Path) -> str:
    """The file system of the mount that `path` lies under.

    Args:
        mounts: lines of /proc/self/mountinfo, in the kernel's order.
        path: absolute and real.
    """
    best, found = -1, ""
    for line in mounts:
        fields, _, rest = line.partition(b" - ")
        columns = fields.split(b" ")
        if len(columns) < 5 or not rest:  # noqa: PLR2004  # the fifth is the mount point
            continue
        raw = _ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), columns[4])
        mount = Path(os.fsdecode(raw))
        depth = len(mount.parts)
        # Of two mounts on one point the later hides the earlier.
        if depth >= best and path.is_relative_to(mount):
            best, found = depth, rest.split(b" ")[0].decode(errors="replace")
    return found


def existing(path: Path) -> Path:
    """The path, or its nearest parent that exists."""
    for candidate in (path, *path.parents):
        if candidate.exists():
            return candidate
    return Path("/")


def size_bytes(directory: Path) -> int:
    """Bytes of the files below a directory, links not followed; what is gone is 0."""
    total = 0
    for base, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.lstat(f"{base}/{name}").st_size
            except OSError:
                # It ended while we counted: a pod removes its socket when it stops.
                continue
    return total


def human_bytes(count: int) -> str:
    """A size in the largest unit that keeps it above 1: `12 KiB`, `3.4 GiB`."""
    size, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:  # noqa: PLR2004  # the step between the units
            break
        size, unit = size / 1024, larger
    precise = unit != "B" and size < 10  # noqa: PLR2004  # one digit more below ten
    return f"{size:.1f} {unit}" if precise else f"{size:.0f} {unit}"
