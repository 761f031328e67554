"""What podd needs of a machine, and whether it is there.

Rules of this file:
- A check asks, it mends nothing: `doctor` can be run at any time, by anyone, twice.
- `broken` is kept for what stops podd from working here. What works worse is a
  `warning`; what only says how things are is `info`.
- Every warning and everything broken has a remedy.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
import stat
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from podd.cli import filesystem, kernel
from podd.paths import SOCKET_PATH_BYTES, Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Verdict = Literal["ok", "info", "warning", "broken"]

#: Characters that a pod's name may have.
LONGEST_NAME: Final = 63

#: Free bytes below which a session soon stops: a long one writes some tens of MiB.
LOW_BYTES: Final = 512 * 1024 * 1024

#: Free bytes below which a journal cannot even keep its reserve.
FULL_BYTES: Final = 4 * 1024 * 1024

#: The oldest Python that podd runs on, as pyproject.toml has it.
OLDEST_PYTHON: Final = (3, 11)

#: What podd imports, as pyproject.toml has it.
LIBRARIES: Final = (
    "anyio",
    "click",
    "filelock",
    "httpx",
    "jinja2",
    "msgspec",
    "pathspec",
    "psutil",
    "rich",
    "structlog",
)

#: This code did not exist before; a clock that says so is wrong.
EPOCH: Final = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""


def machine(places: Places) -> Iterator[Check]:
    """Everything that depends on the machine and the three directories alone."""
    yield python()
    yield libraries()
    yield Check("kernel", "info", kernel.release())
    yield runtime_directory(places.runtime)
    yield kept_directory("state directory", places.state)
    yield kept_directory("configuration directory", places.configuration)
    yield socket_path(places)
    yield file_system("runtime file system", places.runtime)
    yield file_system("state file system", places.state)
    yield locking(places.runtime)
    yield from free_space(places)
    yield openat2()
    yield landlock()
    yield user_namespaces()


def python() -> Check:
    """The interpreter."""
    version = ".".join(map(str, sys.version_info[:3]))
    detail = f"{version} ({sys.executable})"
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return Check("python", "broken", detail, f"install Python {oldest} or later")
    return Check("python", "ok", detail)


def libraries(names: Iterable[str] = LIBRARIES) -> Check:
    """What podd is built on, with versions."""
    found, missing = [], []
    for name in names:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check(
            "libraries",
            "broken",
            f"missing: {', '.join(missing)}",
            "install podd again, or remove .venv and run scripts/podctl",
        )
    return Check("libraries", "ok", ", ".join(found))


def runtime_directory(path: Path) -> Check:
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


def kept_directory(name: str, path: Path) -> Check:
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


def socket_path(places: Places) -> Check:
    """Whether a pod's socket lies where its directory is, or needs a shorter way."""
    longest = "x" * LONGEST_NAME
    plain = len(os.fsencode(places.pod(longest) / "sock"))
    if plain <= SOCKET_PATH_BYTES:
        detail = f"{plain} bytes at most, {SOCKET_PATH_BYTES} fit"
        return Check("socket path", "ok", detail)
    way = places.socket(longest).parent.parent
    return Check(
        "socket path",
        "info",
        f"up to {plain} bytes, {SOCKET_PATH_BYTES} fit: {way} is the way for long ones",
    )


def file_system(name: str, path: Path) -> Check:
    """Where locks and the journal lie: another machine's disk promises less."""
    found = filesystem.kind(path)
    if not found:
        return Check(name, "info", "not known")
    if found in filesystem.REMOTE:
        variable = "PODD_RUNTIME_DIR" if "runtime" in name else "PODD_STATE_DIR"
        return Check(
            name,
            "warning",
            f"{found}: locks and syncs depend on a server",
            f"point {variable} to a local disk",
        )
    return Check(name, "ok", found)


def locking(runtime: Path) -> Check:
    """Whether a file lock shuts others out where the lock of the table lies."""
    place = filesystem.existing(runtime)
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            # A second description of the same file, as another process would have.
            again = os.open(f"/proc/self/fd/{file.fileno()}", os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return Check("file locks", "ok", f"work in {place}")
            finally:
                os.close(again)
    except OSError as error:
        return Check(
            "file locks",
            "broken",
            f"fail in {place}: {error.strerror}",
            "point PODD_RUNTIME_DIR to a local disk",
        )
    return Check(
        "file locks",
        "broken",
        f"shut nobody out in {place}",
        "point PODD_RUNTIME_DIR to a local disk",
    )


def free_space(places: Places) -> Iterator[Check]:
    """Room for journals, logs and the table."""
    for name, path in (("runtime", places.runtime), ("state", places.state)):
        free = shutil.disk_usage(filesystem.existing(path)).free
        yield _room(f"{name} disk", free)


def _room(name: str, free: int) -> Check:
    detail = f"{human_bytes(free)} free"
    if free < FULL_BYTES:
        return Check(name, "broken", detail, "make room: pods stop taking work")
    if free < LOW_BYTES:
        return Check(name, "warning", detail, "make room before it is full")
    return Check(name, "ok", detail)


def openat2() -> Check:
    """The call by which file tools cannot be led outside the scope."""
    if not (fault := kernel.openat2_fault()):
        return Check("openat2", "ok", "file tools resolve paths in the kernel")
    return Check(
        "openat2",
        "warning",
        f"refused ({fault}): file tools walk each path themselves, more slowly",
        "use Linux 5.6 or later, or let the container's seccomp profile allow it",
    )


def landlock() -> Check:
    """For commands, which this version does not run yet."""
    abi = kernel.landlock_abi()
    detail = f"ABI {abi}" if isinstance(abi, int) else f"none ({abi})"
    return Check("landlock", "info", f"{detail}; not used yet")


def user_namespaces() -> Check:
    """For commands, which this version does not run yet."""
    fault = kernel.user_namespace_fault()
    detail = f"refused ({fault})" if fault else "work"
    return Check("user namespaces", "info", f"{detail}; not used yet")


def clock(now: dt.datetime, newest: dt.datetime | None) -> Check:
    """Whether the clock can be right.

    Args:
        now: what it says.
        newest: when the newest session began, by the clock of that time.
    """
    detail = now.isoformat(timespec="seconds")
    remedy = "set the clock; sessions are ordered by it"
    if now < EPOCH:
        return Check("clock", "warning", f"{detail} is in the past", remedy)
    if newest is not None and newest > now + dt.timedelta(minutes=1):
        began = newest.isoformat(timespec="seconds")
        return Check("clock", "warning", f"{detail}: a session began {began}", remedy)
    return Check("clock", "ok", detail)


def keys(variables: Iterable[str], environment: Mapping[str, str]) -> Check:
    """Which keys are set, by the names of their variables; a value is never shown."""
    present = [name for name in variables if environment.get(name)]
    if present:
        return Check("keys", "ok", ", ".join(present))
    detail = "none; needed for a provider that is not on this machine"
    return Check("keys", "info", detail)


def leftovers(allocations: Iterable[str], sockets: Iterable[str]) -> Iterator[Check]:
    """What the dead left behind.

    Args:
        allocations: pods whose allocation nobody lives to use.
        sockets: pods whose socket nobody listens to.
    """
    dead = list(allocations)
    if dead:
        detail = f"held by the dead: {', '.join(dead)}"
        yield Check("allocations", "warning", detail, "podctl scope reclaim")
    else:
        yield Check("allocations", "ok", "none is held by the dead")
    silent = list(sockets)
    if silent:
        detail = f"nobody listens to {', '.join(silent)}"
        remedy = "podctl kill NAME removes it; podctl resume NAME takes it over"
        yield Check("sockets", "warning", detail, remedy)
    else:
        yield Check("sockets", "ok", "each has its pod")


def human_bytes(count: int) -> str:
    """A size in the largest unit that keeps it above 1: `12 KiB`, `3.4 GiB`."""
    size, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:  # noqa: PLR2004  # the step between the units
            break
        size, unit = size / 1024, larger
    precise = unit != "B" and size < 10  # noqa: PLR2004  # one digit more below ten
    return f"{size:.1f} {unit}" if precise else f"{size:.0f} {unit}"
