"""Whether the three directories of podd are fit for their use."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from podd.cli import filesystem
from podd.cli.check import Check
from podd.cli.filesystem import human_bytes

if TYPE_CHECKING:
    from pathlib import Path


def runtime(path: Path) -> Check:
    """Sockets, the lock and the table: it must be ours alone."""
    name = "runtime directory"
    try:
        found = path.lstat()
    except FileNotFoundError:
        return _missing(name, path)
    except OSError as error:
        return Check(name, "broken", f"{path}: {error.strerror}", _ELSEWHERE[name])
    detail = _described(path, found)
    if not stat.S_ISDIR(found.st_mode):
        return Check(name, "broken", f"{path} is not a directory", _ELSEWHERE[name])
    if found.st_uid != os.getuid():
        return Check(name, "broken", detail, _ELSEWHERE[name])
    if found.st_mode & 0o022:
        remedy = f"others may write to it: chmod 700 {path}"
        return Check(name, "broken", detail, remedy)
    return _usable(name, path, detail)


def kept(name: str, path: Path) -> Check:
    """State or configuration: used as it is, if we may write to it."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return _missing(name, path)
    except OSError as error:
        return Check(name, "broken", f"{path}: {error.strerror}", _ELSEWHERE[name])
    if not stat.S_ISDIR(found.st_mode):
        return Check(name, "broken", f"{path} is not a directory", _ELSEWHERE[name])
    return _usable(name, path, _described(path, found))


_ELSEWHERE: Final = {
    "runtime directory": "remove it, or point PODD_RUNTIME_DIR to one of your own",
    "state directory": "make it writable, or point PODD_STATE_DIR elsewhere",
    "configuration directory": "make it writable, or point PODD_CONFIG_DIR elsewhere",
}


def _missing(name: str, path: Path) -> Check:
    parent = filesystem.existing(path)
    if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
        return Check(name, "ok", f"{path} (made when first needed)")
    detail = f"{path} is missing and {parent} is not writable"
    return Check(name, "broken", detail, _ELSEWHERE[name])


def _described(path: Path, found: os.stat_result) -> str:
    owner = "yours" if found.st_uid == os.getuid() else f"of uid {found.st_uid}"
    size = human_bytes(filesystem.size_bytes(path))
    return f"{path} ({stat.S_IMODE(found.st_mode):04o}, {owner}, {size})"


def _usable(name: str, path: Path, detail: str) -> Check:
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return Check(name, "broken", f"{detail} is not writable", _ELSEWHERE[name])
    return Check(name, "ok", detail)
