"""What a session did to files, seen against the files as they are now.

The journal says which file was changed and which content it replaced; the disk says
what stands there now. Nothing here trusts that the pod was the last one to write:
a file that someone else changed since is marked.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from podd.core.session.entries import AnyEntry, FileChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: Bytes of one side above which no line diff is made: difflib needs time that grows
#: with the square of the lines, and nobody reads such a diff.
DIFF_BYTES: Final = 1024 * 1024

Change = Literal["created", "modified", "deleted", "unchanged"]
"""From before the session to now. `unchanged`: it is again what it was."""

Shown = Literal["text", "binary", "too_large", "unreadable"]
"""Whether there is a diff, and if not, why."""


@dataclass(frozen=True, slots=True)
class Touched:
    """One file that the session wrote, by the entries alone."""

    path: str
    n: int
    """The entry of the first write, which names `before`."""
    before: str | None
    """Digest of what stood there before the session's first write; None: nothing."""
    after: str
    """Digest of what the session's last write left."""


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file, then and now."""

    path: str
    change: Change
    shown: Shown
    changed_since: bool
    """True: what stands there now is not what the session left."""
    lines: tuple[str, ...]
    """Of a unified diff, without their ends; empty unless `shown` is `text`."""

    @property
    def added(self) -> int:
        """Lines that are new."""
        return sum(line.startswith("+") for line in self.lines[2:])

    @property
    def removed(self) -> int:
        """Lines that are gone."""
        return sum(line.startswith("-") for line in self.lines[2:])


def touched(entries: Iterable[AnyEntry]) -> list[Touched]:
    """The files that a session wrote, in the order of their first write."""
    files: dict[str, Touched] = {}
    for entry in entries:
        if isinstance(entry, FileChanged):
            first = files.get(entry.path)
            n = first.n if first else entry.n
            before = first.before if first else entry.before
            files[entry.path] = Touched(entry.path, n, before, entry.after)
    return list(files.values())


def compare(file: Touched, before: Callable[[Touched], bytes], label: str) -> FileDiff:
    """Set a file as it is now against what stood there before the session.

    Args:
        file: from `touched`.
        before: gives the content whose digest is the file's `before`.
        label: the path as the diff's header names it.
    """
    try:
        now = _content(Path(file.path))
    except OSError:
        return FileDiff(file.path, "modified", "unreadable", True, ())
    digest = None if now is None else hashlib.sha256(now).hexdigest()
    change = _change(file.before, digest)
    since = digest != file.after
    if change == "unchanged":
        return FileDiff(file.path, change, "text", since, ())
    then = None if file.before is None else before(file)
    shown = _shown(then or b"", now or b"")
    lines = _unified(then, now, label) if shown == "text" else ()
    return FileDiff(file.path, change, shown, since, lines)


def _change(before: str | None, now: str | None) -> Change:
    if before == now:
        return "unchanged"
    if before is None:
        return "created"
    return "deleted" if now is None else "modified"


def _content(path: Path) -> bytes | None:
    """What stands there, or None for nothing. A pipe or device is no content."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with open(descriptor, "rb") as file:  # noqa: PTH123  # opened above, without waiting
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no longer a file")
        return file.read()


def _shown(then: bytes, now: bytes) -> Shown:
    if max(len(then), len(now)) > DIFF_BYTES:
        return "too_large"
    for side in (then, now):
        if b"\0" in side:
            return "binary"
        try:
            side.decode()
        except UnicodeDecodeError:
            return "binary"
    return "text"


def _unified(then: bytes | None, now: bytes | None, label: str) -> tuple[str, ...]:
    old = _lines(then)
    new = _lines(now)
    header_old = "/dev/null" if then is None else f"a/{label.lstrip('/')}"
    header_new = "/dev/null" if now is None else f"b/{label.lstrip('/')}"
    out = [f"--- {header_old}", f"+++ {header_new}"]
    body = difflib.unified_diff(old, new, lineterm="\n")
    for line in list(body)[2:]:
        if line.endswith("\n"):
            out.append(line[:-1])
        else:
            out += [line, "\\ No newline at end of file"]
    return tuple(out)


def _lines(content: bytes | None) -> list[str]:
    """Lines with their LF. A lone CR or a form feed does not end a line."""
    if not content:
        return []
    parts = content.decode().split("\n")
    whole = [f"{part}\n" for part in parts[:-1]]
    return [*whole, parts[-1]] if parts[-1] else whole
