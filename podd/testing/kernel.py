"""Machines that offer less than this one, for tests of what podd does there.

    python -m podd.testing.kernel --without namespaces -- PROGRAM ARGUMENT...

runs a program on such a machine. Nothing is faked: a filter of system calls or a mount
makes the kernel answer as a lesser one would, for the program and all that it starts.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from podd.sandbox import kernel, syscall_filter
from podd.sandbox.syscall_filter import Argument, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

Lack = Literal[
    "namespaces",
    "pid_namespaces",
    "network_namespaces",
    "mounts",
    "mount_calls",
    "landlock",
    "seccomp",
    "proc",
]
"""What such a machine does not offer.

namespaces: a container whose seccomp profile refuses all new ones.
pid_namespaces, network_namespaces: those alone are refused.
mounts: user namespaces are given, and nothing can be done in them (AppArmor).
mount_calls: a kernel before 5.12, which cannot make a tree of mounts read-only at once.
landlock: a kernel that was built without.
seccomp: no filter can be added any more.
proc: a container that covers parts of /proc, so that no fresh one may be mounted.
"""

_NEW_NAMESPACES: Final = 0x7E02_0000
_SET_SECCOMP: Final = 22

_RULES: Final[dict[Lack, tuple[Rule, ...]]] = {
    "namespaces": (
        Rule("unshare", when=(Argument(0, _NEW_NAMESPACES, "has_any_bit_of"),)),
        Rule("clone", when=(Argument(0, _NEW_NAMESPACES, "has_any_bit_of"),)),
        Rule("clone3", errno.ENOSYS),
        Rule("mount"),
        Rule("setns"),
    ),
    "pid_namespaces": (
        Rule("unshare", when=(Argument(0, kernel.CLONE_NEWPID, "has_any_bit_of"),)),
        Rule("clone", when=(Argument(0, kernel.CLONE_NEWPID, "has_any_bit_of"),)),
        Rule("clone3", errno.ENOSYS),
    ),
    "network_namespaces": (
        Rule("unshare", when=(Argument(0, kernel.CLONE_NEWNET, "has_any_bit_of"),)),
        Rule("clone", when=(Argument(0, kernel.CLONE_NEWNET, "has_any_bit_of"),)),
        Rule("clone3", errno.ENOSYS),
    ),
    "mounts": (
        Rule("mount", errno.EACCES),
        Rule("move_mount", errno.EACCES),
        Rule("mount_setattr", errno.EACCES),
        Rule("pivot_root", errno.EACCES),
    ),
    "mount_calls": (
        Rule("open_tree", errno.ENOSYS),
        Rule("move_mount", errno.ENOSYS),
        Rule("mount_setattr", errno.ENOSYS),
    ),
    "landlock": (
        Rule("landlock_create_ruleset", errno.ENOSYS),
        Rule("landlock_add_rule", errno.ENOSYS),
        Rule("landlock_restrict_self", errno.ENOSYS),
    ),
    "seccomp": (
        Rule("seccomp", errno.ENOSYS),
        Rule("prctl", errno.EINVAL, when=(Argument(0, _SET_SECCOMP),)),
    ),
    "proc": (),
}

#: A part of /proc that is there everywhere and that nobody here needs.
_COVERED: Final = "/proc/fs"


def without(*lacks: Lack) -> None:
    """Make this process, and all that it starts, live on such a machine; for good.

    Raises:
        OSError: this machine itself has not what it takes.
    """
    if "proc" in lacks:
        _cover_proc()
    rules = [rule for lack in lacks for rule in _RULES[lack]]
    if rules:
        program = syscall_filter.assemble(rules, syscall_filter.machine(), unknown=0)
        syscall_filter.install(program)


def command(*arguments: str, lacks: Iterable[Lack]) -> list[str]:
    """The command line that runs a program on such a machine."""
    chosen = [word for lack in lacks for word in ("--without", lack)]
    return [sys.executable, "-m", "podd.testing.kernel", *chosen, "--", *arguments]


def main(words: list[str]) -> None:
    """Become the program that the words name, on the machine that they describe."""
    lacks: list[Lack] = []
    while words[:1] == ["--without"]:
        lacks.append(_lack(words[1]))
        words = words[2:]
    if words[:1] != ["--"] or not words[1:]:
        sys.exit(f"usage: [--without {{{','.join(get_args(Lack))}}}]... -- PROGRAM")
    without(*lacks)
    os.execvp(words[1], words[1:])  # noqa: S606  # becoming it is the point


def _lack(word: str) -> Lack:
    for known in _RULES:
        if known == word:
            return known
    sys.exit(f"no machine lacks {word!r}: one of {', '.join(get_args(Lack))}")


def _cover_proc() -> None:
    """Cover a part of /proc, as the root of a user namespace of our own."""
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        Path("/proc/self", name).write_text(text, encoding="ascii")
    kernel.set_propagation("/", kernel.MS_PRIVATE)
    kernel.mount("tmpfs", _COVERED, kernel.MS_NOSUID | kernel.MS_NODEV)


if __name__ == "__main__":
    main(sys.argv[1:])
