"""Bubblewrap (`bwrap`): a program that makes the namespaces which we may not make.

It may where it is set-uid, or has the profile that AppArmor asks for. What it is told
is the same plan that our own launcher follows.

Rules of this file: what the plan asks for and `bwrap` cannot do is an error, never left
out. Not aware of: who runs it, and how the life of what it runs is recorded.
"""

from __future__ import annotations

import os
import stat
import subprocess
from typing import TYPE_CHECKING, Final

from podd.errors import CommandNotStartedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from podd.sandbox.plan import Mount, Plan

#: Where a system keeps it. Not PATH: that may lead into a scope, and whatever lies
#: there was perhaps made by a command, which it would then be trusted to confine.
PLACES: Final = ("/usr/bin", "/bin", "/usr/local/bin", "/run/current-system/sw/bin")

_NAME: Final = "bwrap"

#: Seconds that an attempt may take; it needs a few thousandths.
_ATTEMPT_SECONDS: Final = 5.0

#: No user namespace is asked for: without set-uid `bwrap` makes one unasked, and with
#: it one may be refused although it is not needed.
_NAMESPACES: Final = ("--unshare-ipc", "--unshare-pid")

#: Its end is the end of all it runs; no terminal to type into; no capability, which
#: a root's command would have over the mounts.
_HOLD: Final = ("--die-with-parent", "--new-session", "--cap-drop", "ALL")


def find(places: Sequence[str] = PLACES) -> str | None:
    """The path of `bwrap`, if one is installed that nobody but root may change."""
    for place in places:
        path = f"{place}/{_NAME}"
        try:
            found = os.stat(path)  # noqa: PTH116  # as the rest of the room
        except OSError:
            continue
        is_ours_to_trust = found.st_uid == 0 and not found.st_mode & 0o022
        if (
            stat.S_ISREG(found.st_mode)
            and is_ours_to_trust
            and os.access(path, os.X_OK)
        ):
            return path
    return None


def attempt(program: str) -> str:
    """Make a sandbox and run nothing in it.

    Returns:
        Why that does not work; empty where it does.
    """
    tried = (
        *_NAMESPACES,
        "--unshare-net",
        *_HOLD,
        *("--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"),
        *("--tmpfs", "/tmp"),  # noqa: S108  # of its own
    )
    try:
        done = subprocess.run(
            [program, *tried, "--", "/bin/sh", "-c", ":"],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_ATTEMPT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if not done.returncode:
        return ""
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return said[-1].removeprefix("bwrap: ") if said else f"status {done.returncode}"


def argv(
    plan: Plan,
    command: Sequence[str],
    *,
    program: str = _NAME,
    temporary_bytes: int,
    told: int | None = None,
    held: int | None = None,
) -> list[str]:
    """The command line that runs `command` as the plan says.

    Args:
        plan: what it sees.
        command: program and arguments, as seen inside.
        program: which `bwrap`.
        temporary_bytes: what fits into each private directory; they live as long as
            the command.
        told: a descriptor to which `child-pid`, the pid 1 of the sandbox as seen from
            here, is written as JSON, before it runs anything.
        held: a descriptor from which it waits to read, once that is written.

    Raises:
        CommandNotStartedError: the plan holds a link fast, which `bwrap` cannot.
    """
    words = [program, *_NAMESPACES]
    if plan.network == "deny":
        words.append("--unshare-net")
    words += _HOLD
    if told is not None:
        words += ("--info-fd", str(told))
    if held is not None:
        words += ("--block-fd", str(held))
    for mount in plan.mounts:
        words += _mounted(mount, temporary_bytes)
    for path in (plan.home, plan.temporary):
        words += ("--dir", path)
    # Last: a directory that is read-only takes no mount points any more.
    for mount in reversed(plan.mounts):
        if mount.kind == "empty" or (mount.kind == "mask" and mount.directory):
            words += ("--remount-ro", mount.path)
    if all(mount.path != "/" for mount in plan.mounts):
        words += ("--remount-ro", "/")
    return [*words, "--chdir", plan.cwd, "--", *command]


def _mounted(mount: Mount, temporary_bytes: int) -> Iterator[str]:
    path = mount.path
    match mount.kind:
        case "bind":
            yield from ("--bind" if mount.writable else "--ro-bind", path, path)
        case "mask" if mount.directory:
            yield from ("--perms", "0000", "--tmpfs", path)
        case "mask":
            # Devices are dead in there, so this one cannot even be opened.
            yield from ("--ro-bind", os.devnull, path)
        case "empty":
            mode = "0555" if mount.listed else "0111"
            yield from ("--perms", mode, "--tmpfs", path)
        case "private":
            size = str(temporary_bytes)
            yield from ("--perms", "0700", "--size", size, "--tmpfs", path)
        case "link":
            yield from ("--symlink", mount.source, path)
        case "devices":
            yield from ("--dev", path)
        case "processes":
            yield from ("--proc", path)
        case "pin":
            raise CommandNotStartedError(
                reason=f"bubblewrap cannot hold the link {path} in its place"
            )
