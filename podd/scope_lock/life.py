"""The proof of life: a file that stays locked as long as its allocation is in use.

The lock is a flock, so it belongs to the open file description and not to a process:
every copy of the descriptor keeps it, over fork, exec and the death of its first
holder, and the kernel lets go of it when the last copy is closed. Nobody unlocks a life
file: they close.

Inside stand lines `ROLE PID START_TIME PID_NAMESPACE`, each appended with one write
before its process counts on it. They say who else must be dead (`is_dead`).
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final, Literal, Self

import msgspec

from podd.errors import DeniedError
from podd.scope_lock.identity import ProcessIdentity, may_live

Role = Literal["pod", "launcher", "command"]
_ROLES: Final[dict[str, Role]] = {
    "pod": "pod",
    "launcher": "launcher",
    "command": "command",
}


class Listed(msgspec.Struct, frozen=True):
    """One line of a life file."""

    role: Role
    process: ProcessIdentity


class LifeLock:
    """Our copy of the locked descriptor of one life file."""

    __slots__ = ("_descriptor", "path")

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a life file (0600) and lock it."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            os.close(descriptor)
            path.unlink()
            raise
        return cls(path, descriptor)

    @classmethod
    def inherited(cls, path: Path, descriptor: int) -> Self:
        """Take over a descriptor that a starter handed down.

        From here on it is not inherited any further: a command that had a copy would
        keep the scope, or could unlock it.

        Raises:
            DeniedError: it is not this life file, or does not hold its lock.
        """
        try:
            is_ours = os.path.samestat(os.fstat(descriptor), os.lstat(path))
        except OSError as error:
            raise _not_handed_down(path, error.strerror or str(error)) from error
        if not is_ours:
            raise _not_handed_down(path, "the descriptor is another file")
        if not is_locked(path):
            raise _not_handed_down(path, "nobody has locked it")
        try:
            # No change where we have the lock; refused where another holder has it.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _not_handed_down(path, "another descriptor holds its lock") from error
        os.set_inheritable(descriptor, False)  # noqa: FBT003  # takes no names
        return cls(path, descriptor)

    @property
    def descriptor(self) -> int:
        """The number to hand down (`pass_fds`).

        Raises:
            ValueError: closed.
        """
        if self._descriptor is None:
            message = f"closed: {self.path}"
            raise ValueError(message)
        return self._descriptor

    @property
    def is_named(self) -> bool:
        """Whether the file is still there for others to find."""
        return self._descriptor is not None and os.fstat(self._descriptor).st_nlink > 0

    def write_down(self, role: Role, process: ProcessIdentity) -> None:
        """Add a line, in one write."""
        line = (
            f"{role} {process.pid} {process.start_time} {process.pid_namespace}\n"
        ).encode("ascii")
        os.write(self.descriptor, line)

    def let_inherit(self) -> int:
        """Let the next exec keep the descriptor, and return its number."""
        os.set_inheritable(self.descriptor, True)  # noqa: FBT003  # takes no names
        return self.descriptor

    def close(self) -> None:
        """Give up our copy; the lock lives on with the others. Again: nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_locked(path: Path) -> bool:
    """Tell whether anybody holds the life file; a missing one is held by nobody.

    The probe is shared, so that two who look at once do not see each other.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def is_dead(path: Path) -> bool:
    """Tell whether nothing lives that could write under the allocation."""
    return not is_locked(path) and not has_stragglers(path)


def has_stragglers(path: Path) -> bool:
    """Tell whether a listed process other than a pod may live.

    A line that cannot be read proves nothing, so it counts as alive; one without its
    newline was never finished, so its process never started.
    """
    return any(
        entry is None or (entry.role != "pod" and may_live(entry.process))
        for entry in _lines(path)
    )


def stragglers(path: Path) -> list[Listed]:
    """List the launcher and the commands that may live, as far as they can be read."""
    return [
        entry
        for entry in _lines(path)
        if entry is not None and entry.role != "pod" and may_live(entry.process)
    ]


def _lines(path: Path) -> list[Listed | None]:
    """Read the whole lines; None stands for one that cannot be read."""
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return []
    return [_parse(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def _parse(line: str) -> Listed | None:
    match line.split(" "):
        case [role, pid, start, namespace] if (
            role in _ROLES and f"{pid}{start}{namespace}".isdecimal()
        ):
            return Listed(
                role=_ROLES[role],
                process=ProcessIdentity(
                    pid=int(pid), start_time=int(start), pid_namespace=int(namespace)
                ),
            )
    return None


def _not_handed_down(path: Path, reason: str) -> DeniedError:
    return DeniedError(
        reason=f"the life lock {path} was not handed down: {reason}",
        hint="start pods with podctl spawn",
    )
