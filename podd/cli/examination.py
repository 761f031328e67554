"""What podd needs of a machine, and whether it is there.

A check asks, it mends nothing: `doctor` can be run at any time, by anyone, twice.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
import sys
import tempfile
from importlib import metadata
from typing import TYPE_CHECKING, Final

from podd.cli import directories, filesystem, kernel
from podd.cli.check import Check
from podd.cli.filesystem import human_bytes
from podd.paths import SOCKET_PATH_BYTES, Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

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
    "jsonschema",
    "msgspec",
    "pathspec",
    "prompt-toolkit",
)

#: This code did not exist before; a clock that says so is wrong.
EPOCH: Final = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def machine(places: Places) -> Iterator[Check]:
    """Everything that depends on the machine and the three directories alone."""
    yield python()
    yield libraries()
    yield Check("kernel", "info", kernel.release())
    yield directories.runtime(places.runtime)
    yield directories.kept("state directory", places.state)
    yield directories.kept("configuration directory", places.configuration)
    yield socket_path(places)
    yield file_system("runtime file system", places.runtime)
    yield file_system("state file system", places.state)
    yield locking(places.runtime)
    yield from free_space(places)
    yield openat2()


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
