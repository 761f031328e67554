"""A plan in the words of Landlock: paths that are granted, and holes in them. Pure.

What this cannot hold. What is protected and does not exist (`.git`, `.podd`) could be
kept from being made only by letting nothing be made beside it, so it can be made.
"""

from __future__ import annotations

import msgspec

from podd.sandbox.plan import Plan
from podd.sandbox.toolchains import is_within

#: What every program needs of the machine besides files. Not /dev/pts: there lie the
#: terminals that the user types into, beside those that a command would make.
_DEVICES = (
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/tty",
    "/dev/random",
    "/dev/urandom",
)


class Grants(msgspec.Struct, frozen=True, kw_only=True):
    """What Landlock is told."""

    write: tuple[str, ...]
    execute: tuple[str, ...]
    """Readable and runnable; what is written to is, too."""
    read_only: tuple[str, ...]
    hidden: tuple[str, ...]


def grants_of(plan: Plan, *, private: tuple[str, ...]) -> Grants:
    """Say a plan to Landlock.

    Args:
        plan: what is to be seen.
        private: directories that stand for the private ones of the plan.
    """
    missing = {holder.path for holder in plan.placeholders if not holder.declared}
    write: list[str] = []
    read: list[str] = []
    read_only: list[str] = []
    hidden: list[str] = []
    for mount in plan.mounts:
        path = mount.path
        is_in_written = any(is_within(path, root) for root in write)
        if path in missing:
            continue
        if mount.kind in {"bind", "pin"} and not mount.writable and is_in_written:
            read_only.append(path)
        elif mount.kind == "bind" and mount.writable:
            is_pinned = is_in_written and not any(
                is_within(path, hole) for hole in (*read_only, *hidden)
            )
            if not is_pinned:
                write.append(path)
        elif mount.kind == "bind":
            read.append(path)
        elif mount.kind == "mask" or (mount.kind == "empty" and not mount.listed):
            hidden.append(path)
    return Grants(
        write=(*write, *private, *_DEVICES),
        execute=(*read, *write, *private, "/proc"),
        read_only=tuple(read_only),
        hidden=tuple(hidden),
    )
