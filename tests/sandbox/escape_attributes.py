"""Modes, owners, times and attributes of what is not ours to change."""

from __future__ import annotations

import os
import tempfile

from tests.sandbox.escape_attempt import (
    EVERYTHING,
    HOLE,
    SCOPE,
    Attempt,
    altered,
    as_root,
    program,
)

_CALLS = {
    "chmod-by-descriptor": (
        "os.chmod(f'/proc/self/fd/{os.open(target, os.O_PATH)}', 0o600)"
    ),
    "fchmod": "os.fchmod(os.open(target, os.O_RDONLY), 0o600)",
    "utime": "os.utime(target, (1, 1))",
    "futimens": "os.utime(os.open(target, os.O_RDONLY), (1, 1))",
    "setxattr": "os.setxattr(target, 'user.x', b'y')",
    "fsetxattr": "os.setxattr(os.open(target, os.O_RDONLY), 'user.x', b'y')",
    "access-list": """
entries = [(1, 6, -1), (2, 6, os.getuid()), (4, 4, -1), (16, 6, -1), (32, 4, -1)]
acl = struct.pack('<I', 2) + b''.join(
    struct.pack('<HHI', tag, mode, who & 0xFFFFFFFF) for tag, mode, who in entries)
os.setxattr(target, 'system.posix_acl_access', acl)
""",
    "inode-flags": """
import fcntl
flags = ctypes.c_long(0x40)  # no dump
fcntl.ioctl(os.open(target, os.O_RDONLY), 0x40086602, flags)
""",
}
_SHELL = {
    "chmod": "chmod 600 $target",
    "chmod-tree": "chmod -R go= ${target%/*}",
    "touch": "touch $target",
    "touch-date": "touch -d 2001-01-01 $target",
    "touch-reference": "touch -r /usr/bin/env $target",
    "cp-preserving": "cp -p --attributes-only /usr/bin/env $target",
}


def _no_attributes() -> str:
    with tempfile.NamedTemporaryFile(dir="/tmp") as file:
        try:
            os.setxattr(file.name, "user.x", b"y")
        except OSError as error:
            return f"/tmp takes no attributes: {error.strerror}"
    return ""


def _no_flags() -> str:
    import fcntl

    with tempfile.NamedTemporaryFile(dir="/tmp") as file:
        try:
            fcntl.ioctl(file, 0x8008_6601, bytes(8))
        except OSError as error:
            return f"/tmp has no flags: {error.strerror}"
    return ""


_NEEDS = {
    "setxattr": (_no_attributes,),
    "fsetxattr": (_no_attributes,),
    "access-list": (_no_attributes,),
    "inode-flags": (_no_flags,),
}


def _beside(world) -> None:
    world.facts["target"] = str(world.beside / "file")


def _in_hole(world) -> None:
    world.file("scope/hole/file")
    world.facts["target"] = str(world.scope / "hole/file")


ATTEMPTS = (
    *(
        Attempt(
            name=f"{place}-{name}",
            how=how,
            is_python=how in _CALLS.values(),
            prepare=prepare,
            proof=altered,
            holes={"scope/hole": "read_only"} if place == "hole" else {},
            without=(SCOPE if place == "beside" else HOLE,),
            needs=_NEEDS.get(name, ()),
        )
        for place, prepare in (("beside", _beside), ("hole", _in_hole))
        for name, how in {**_SHELL, **_CALLS}.items()
    ),
    Attempt(
        name="beside-chown",
        how="chown 65534 $target",
        prepare=_beside,
        proof=altered,
        without=(EVERYTHING,),
        needs=(as_root,),
    ),
    Attempt(
        name="beside-chattr",
        how="chattr +d $target",
        prepare=_beside,
        proof=altered,
        without=(SCOPE,),
        needs=(program("chattr"), _no_flags),
    ),
    Attempt(
        name="owner-of-another-in-the-scope",
        how="touch n && chown 65534 n",
        prepare=lambda world: world.watched.append(world.scope),
        proof=lambda world, output: (
            (world.scope / "n").exists() and (world.scope / "n").stat().st_uid == 65534
        ),
        without=(EVERYTHING,),
        needs=(as_root,),
    ),
)
