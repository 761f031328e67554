"""Tries what this machine lets a process do to itself, each attempt in a child.

Run by the probe as a program of its own: an attempt forks, which a pod with threads
must not. It says one JSON object: by attempt, why it failed, and nothing if it worked.

Standard library only; nothing it does outlives it.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
from typing import TYPE_CHECKING, Final

from podd.sandbox import kernel, landlock, seccomp

if TYPE_CHECKING:
    from collections.abc import Callable

#: Directories that may be there to be mounted over, in a mount namespace of the trial.
_PLACES: Final = ("/tmp", "/mnt", "/var", "/usr")  # noqa: S108  # only covered

#: What every machine has, to be shown somewhere else.
_SHOWN: Final = ("/usr", "/bin", "/etc")

_MODES_READABLE: Final = 0o600


def main() -> None:
    """Try everything and print what came of it."""
    said: dict[str, str | int] = {"landlock_abi": landlock.abi()}
    for attempt in (_namespaces, _network, _landlock, _seccomp, _subreaper):
        said.update(_in_child(attempt))
    json.dump(said, sys.stdout)


def _in_child(attempt: Callable[[], dict[str, str]]) -> dict[str, str]:
    """Fork, attempt there, and bring back what it says."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            os.write(writing, json.dumps(attempt()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:  # noqa: PTH123  # a descriptor
        said = pipe.read()
    os.waitpid(child, 0)
    # A child that was killed (by a filter, say) has not said anything.
    name = attempt.__name__.removeprefix("_")
    return json.loads(said) if said else {name: "the attempt was killed"}


def _namespaces() -> dict[str, str]:
    """All that a command is put into, in the order in which that is done."""
    user, group = os.geteuid(), os.getegid()
    said = dict.fromkeys(("namespaces", "pid_namespaces", "proc"), "")
    step = "user namespace"
    try:
        kernel.unshare(kernel.CLONE_NEWUSER)
        step = "uid map"
        _map_ids(user, group)
        step = "mount namespace"
        kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC)
        step = "propagation"
        kernel.set_propagation("/", kernel.MS_PRIVATE)
        step = "tmpfs"
        root = next(filter(_is_directory, _PLACES))
        shown = os.open(next(filter(_is_directory, _SHOWN)), os.O_PATH | os.O_CLOEXEC)
        kernel.mount("tmpfs", root, kernel.MS_NOSUID | kernel.MS_NODEV)
        step = "bind mount"
        for name in ("shown", "old", "proc"):
            os.mkdir(f"{root}/{name}")  # noqa: PTH102  # no pathlib in the launcher
        tree = kernel.clone_tree(shown)
        kernel.restrict_mount(tree, kernel.MOUNT_ATTR_RDONLY)
        kernel.attach(tree, os.open(f"{root}/shown", os.O_PATH | os.O_CLOEXEC))
        _check_read_only(f"{root}/shown")
        said.update(_pid_namespace(root))
        step = "new root"
        kernel.pivot_root(root, f"{root}/old")
        os.chdir("/")
        kernel.detach("/old")
    except OSError as error:
        said["namespaces"] = f"{step}: {_name(error)}"
        for name in ("pid_namespaces", "proc"):
            said[name] = said[name] or "needs namespaces"
    return said


def _check_read_only(path: str) -> None:
    if not os.statvfs(path).f_flag & os.ST_RDONLY:
        raise OSError("it can be written to")


def _is_directory(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  # no pathlib in the launcher


def _map_ids(user: int, group: int) -> None:
    """Be in the new namespace who we are outside."""
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123  # as above
            file.write(text)


def _pid_namespace(root: str) -> dict[str, str]:
    try:
        kernel.unshare(kernel.CLONE_NEWPID)
        # Its first child is its pid 1, so a fork that is refused counts here too.
        return _in_child(_as_init(f"{root}/proc"))
    except OSError as error:
        return {"pid_namespaces": _name(error), "proc": "needs pid namespaces"}


def _as_init(directory: str) -> Callable[[], dict[str, str]]:
    def pid_namespaces() -> dict[str, str]:
        if os.getpid() != 1:
            return {"pid_namespaces": f"its first process is {os.getpid()}"}
        try:
            flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
            kernel.mount("proc", directory, flags)
        except OSError as error:
            return {"proc": _name(error)}
        return {}

    return pid_namespaces


def _network() -> dict[str, str]:
    try:
        kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNET)
    except OSError as error:
        return {"network": _name(error)}
    return {"network": ""}


def _landlock() -> dict[str, str]:
    try:
        landlock.restrict(write=[], read=["/"], execute=[], scoped=True)
    except OSError as error:
        return {"landlock": _name(error)}
    return {"landlock": _refused(lambda: os.open(os.devnull, os.O_WRONLY))}


def _seccomp() -> dict[str, str]:
    try:
        seccomp.install_filter()
    except OSError as error:
        return {"seccomp": _name(error)}
    reading, _ = os.pipe()
    return {
        "seccomp": _refused(lambda: os.fchmod(reading, _MODES_READABLE))
        or _refused(lambda: socket.socket(socket.AF_UNIX).close())
    }


def _refused(call: Callable[[], object]) -> str:
    """Say that something was not refused, if so."""
    try:
        call()
    except PermissionError:
        return ""
    return "it is accepted and holds nothing back"


def _subreaper() -> dict[str, str]:
    try:
        kernel.become_subreaper()
    except OSError as error:
        return {"subreaper": _name(error)}
    return {"subreaper": ""}


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, str(error))
