"""Follow links as far as a scope lets them lead."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from podd.errors import OutsideScopeError

#: As many as Linux follows in one path (path_resolution(7)).
LINKS: Final = 40

#: Opens a link itself, and waits for nothing.
_STEP: Final = os.O_PATH | os.O_NOFOLLOW

Admission = Callable[[str], None]
"""Raises OutsideScopeError for a path that a link may not lie at or lead to."""


def straighten(path: str, admit: Admission, access: Literal["read", "write"]) -> str:
    """Return the straight path that `path` leads to; its last parts may not exist.

    Every link is read, never followed: what it names is asked of `admit` before
    anything there is looked at. So a chain of links cannot pass through a place outside
    the scope, and nothing is learned of what lies there.

    Args:
        path: absolute and normalised.
        admit: refuses what is outside.
        access: what for; refusals say so.

    Raises:
        OutsideScopeError: a link leads out, or is of a kind that is not followed.
        OSError: a directory on the way cannot be searched.
    """
    for _ in range(LINKS):
        admit(path)
        link = _first_link(path)
        if link is None:
            return path
        # Where the link lies must be open to us as well as where it leads.
        admit(link.place)
        if link.is_magic:
            reason = f"{link.place} is a link of /proc, which leads to no fixed place"
        elif (led := _led_to(link, path[len(link.place) :])) is None:
            reason = f"{link.place} is a link whose target has `..` after a name"
        else:
            path = led
            continue
        raise OutsideScopeError(path=path, access=access, reason=reason)
    raise OutsideScopeError(
        path=path, access=access, reason=f"more than {LINKS} links one after the other"
    )


@dataclass(frozen=True, slots=True)
class _Link:
    place: str
    """Straight, but for the link itself."""
    target: str
    is_magic: bool


def _led_to(link: _Link, rest: str) -> str | None:
    parts = link.target.split("/")
    descending = [part for part in parts if part not in {"", ".", ".."}]
    first = parts.index(descending[0]) if descending else len(parts)
    if ".." in parts[first:]:
        # `a/../b` is not `b` if `a` is a link, and nobody writes that on purpose.
        return None
    directory = link.place[: link.place.rfind("/")] or "/"
    # The way to the link has no links itself, so a leading `..` is plain text.
    led = os.path.normpath(os.path.join(directory, link.target) + rest)  # noqa: PTH118
    return led[1:] if led.startswith("//") else led


def _first_link(path: str) -> _Link | None:
    """Return the first link on the way; None if there is none, or the way ends."""
    parts = path.split("/")[1:]
    at = os.open("/", os.O_PATH | os.O_DIRECTORY)
    try:
        for count, part in enumerate(parts, start=1):
            try:
                following = os.open(part or ".", _STEP, dir_fd=at)
            except (FileNotFoundError, NotADirectoryError):
                return None
            os.close(at)
            at = following
            found = os.fstat(at)
            if stat.S_ISLNK(found.st_mode):
                return _Link(
                    place="/" + "/".join(parts[:count]),
                    target=os.readlink("", dir_fd=at),
                    is_magic=found.st_dev == _process_file_system(),
                )
    finally:
        os.close(at)
    return None


def _process_file_system() -> int:
    try:
        return os.stat("/proc").st_dev  # noqa: PTH116  # called for each link
    except OSError:
        return -1
