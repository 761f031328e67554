"""Where the programs lie that PATH leads to, with what they need to run.

A directory on PATH is rarely enough: a virtual environment has its libraries beside
`bin`, and its `python` is a link into the prefix of another installation, which may lie
under a home directory. So each directory is followed along its links to prefixes.

Rules of this file. A prefix is the parent of a `bin` that looks installed (it holds
`lib`, `lib64`, `libexec` or `pyvenv.cfg`); never the home directory, `~/.local` or
anything above them, which hold far more than programs. Links are followed only where
nobody who is confined may write: a link that a command has made would else lead the
next one out of its scope. It only looks.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

#: Readable and runnable everywhere, where they are there.
SYSTEM: Final = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/opt",
    "/nix/store",
    "/gnu/store",
    "/sys/devices/system",
)

#: Links in /etc that lead out of it on some systems, and that programs cannot do
#: without: names, time, certificates.
_OUTSIDE_ETC: Final = (
    "/etc/resolv.conf",
    "/etc/localtime",
    "/etc/hosts",
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs",
)

_PROGRAM_DIRECTORIES: Final = frozenset({"bin", "sbin", "shims"})
_MARKS: Final = ("lib", "lib64", "libexec", "pyvenv.cfg")

#: A directory of programs with more entries, or a PATH that leads to more places, is
#: followed no further.
_MOST_ENTRIES: Final = 4096
_MOST_PLACES: Final = 128
#: As the kernel (MAXSYMLINKS).
_MOST_LINKS: Final = 40


@dataclass(slots=True)
class Toolchains:
    """What has to be readable so that programs run."""

    directories: dict[str, None] = field(default_factory=dict)
    """Real paths, in the order they were found; single files too."""
    links: dict[str, str] = field(default_factory=dict)
    """Links on the way, by their path, with what they say."""

    written: tuple[str, ...] = ()
    """No link in these is followed, and nothing that stands there is believed."""

    def is_written(self, path: str) -> bool:
        """Whether somebody who is confined may have put there what lies there."""
        return any(is_within(path, root) for root in self.written)

    def covers(self, path: str) -> bool:
        """Whether `path` is one of them or lies below one."""
        return any(is_within(path, known) for known in self.directories)


def find_toolchains(
    path: str,
    *,
    home: str,
    more: Iterable[str] = (),
    system: Iterable[str] = SYSTEM,
    written: Sequence[str] = (),
) -> Toolchains:
    """Follow PATH.

    Args:
        path: the value of PATH; entries that are not absolute are not followed.
        home: the real home directory.
        more: readable besides, as the manifest says; links in them are followed.
        system: readable on this machine.
        written: where the pod, or one that lends to it, may write.
    """
    found = Toolchains(written=tuple(written))
    for entry in (*system, *more, *_OUTSIDE_ETC):
        real = _trace(entry, found)
        if real is not None and not found.covers(real):
            found.directories[real] = None
    broad = _too_broad(home)
    waiting = [entry for entry in path.split(":") if entry.startswith("/")]
    seen: set[str] = set()
    while waiting and len(seen) < _MOST_PLACES:
        directory = _trace(os.path.normpath(waiting.pop(0)), found)
        if directory is None or directory in seen or directory in broad:
            continue
        seen.add(directory)
        if any(is_within(directory, known) for known in system):
            continue
        prefix = _prefix(directory, broad)
        for place in (directory, prefix):
            if place is not None and not found.covers(place):
                found.directories[place] = None
        waiting += _led_to(directory, prefix, found)
    return found


def is_within(path: str, directory: str) -> bool:
    """Whether `path` is `directory` or lies below it."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def _too_broad(home: str) -> frozenset[str]:
    """Name the directories that no program makes readable as a whole."""
    broad = {"/"}
    for path in (home, os.path.realpath(home)):
        broad.add(os.path.join(path, ".local"))  # noqa: PTH118  # text in, text out
        while path not in broad:
            broad.add(path)
            path = os.path.dirname(path)  # noqa: PTH120, PLW2901  # text; upwards
    return frozenset(broad)


def _prefix(directory: str, broad: frozenset[str]) -> str | None:
    parent, name = os.path.split(directory)
    if name not in _PROGRAM_DIRECTORIES or parent in broad:
        return None
    if any(os.path.lexists(f"{parent}/{mark}") for mark in _MARKS):
        return parent
    return None


def _led_to(directory: str, prefix: str | None, found: Toolchains) -> list[str]:
    """Return the directories of the programs that links in `directory` lead to.

    Besides, a virtual environment names the directory of its Python in a file.
    """
    led: list[str] = []
    try:
        with os.scandir(directory) as entries:
            names = [
                entry.path
                for entry, _ in zip(entries, range(_MOST_ENTRIES), strict=False)
                if entry.is_symlink()
            ]
    except OSError:
        return led
    for name in names:
        real = _trace(name, found)
        if real is None:
            continue
        parent = os.path.dirname(real)  # noqa: PTH120  # text in, text out
        if os.path.isdir(real) or found.covers(real):  # noqa: PTH112  # as above
            continue
        if os.path.basename(parent) in _PROGRAM_DIRECTORIES:  # noqa: PTH119  # as above
            led.append(parent)
        else:
            found.directories[real] = None
    if prefix is None or found.is_written(prefix):
        return led
    if (home := _python_home(prefix)) is not None:
        led.append(home)
    return led


def _python_home(prefix: str) -> str | None:
    try:
        with open(f"{prefix}/pyvenv.cfg", encoding="utf-8", errors="replace") as file:  # noqa: PTH123  # text in
            for line in file:
                key, equals, value = line.partition("=")
                if equals and key.strip().lower() == "home":
                    return value.strip()
    except OSError:
        pass
    return None


def _trace(path: str, found: Toolchains) -> str | None:
    """Resolve `path` and note each link on the way; None: it leads nowhere."""
    rest = [part for part in reversed(path.split("/")) if part]
    real = ""
    followed = 0
    while rest:
        part = rest.pop()
        if part == ".":
            continue
        if part == "..":
            real = real.rpartition("/")[0]
            continue
        step = f"{real}/{part}"
        try:
            target = os.readlink(step)  # noqa: PTH115  # text in, text out
        except OSError:
            real = step
            continue
        followed += 1
        if followed > _MOST_LINKS or found.is_written(step):
            return None
        found.links[step] = target
        if target.startswith("/"):
            real = ""
        rest += [part for part in reversed(target.split("/")) if part]
    real = real or "/"
    try:
        real.encode()
    except UnicodeEncodeError:
        return None  # nobody could say it on the way to the launcher
    return real if os.path.exists(real) else None  # noqa: PTH110  # text in
