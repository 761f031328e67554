"""Why a machine refuses what confines commands, and what its owner can do about it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

_KERNEL: Final = Path("/proc/sys")
_STATUS: Final = Path("/proc/self/status")

#: Files by which a container is known; one that lacks them all is still one.
_CONTAINER_MARKS: Final = (
    Path("/.dockerenv"),
    Path("/run/.containerenv"),
    Path("/run/systemd/container"),
)


class Switches(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the machine that explain a refusal; None: this kernel has none."""

    user_namespaces: int | None = None
    """How many there may be: user.max_user_namespaces."""
    for_everybody: int | None = None
    """0: not for ordinary users. kernel.unprivileged_userns_clone, of Debian."""
    app_armor: int | None = None
    """1: only for programs with a profile that says so, as Ubuntu has it:
    kernel.apparmor_restrict_unprivileged_userns."""
    filtered: bool = False
    """A filter of system calls stands around us, as containers have it."""
    contained: bool = False
    """We are in a container."""


def switches(kernel: Path = _KERNEL, status: Path = _STATUS) -> Switches:
    """Read them.

    Args:
        kernel: what /proc/sys is here.
        status: what /proc/self/status is here.
    """
    return Switches(
        user_namespaces=_number(kernel / "user/max_user_namespaces"),
        for_everybody=_number(kernel / "kernel/unprivileged_userns_clone"),
        app_armor=_number(kernel / "kernel/apparmor_restrict_unprivileged_userns"),
        filtered=_is_filtered(status),
        contained=any(path.exists() for path in _CONTAINER_MARKS),
    )


def remedy(name: str, fault: str, found: Switches) -> str:
    """Say what would make a feature work.

    Args:
        name: of the feature.
        fault: why it does not work, as the probe says it.
        found: what explains it.
    """
    if fault.startswith("needs "):
        first = fault.removeprefix("needs ")
        return f"let {first} work first: podctl doctor says how"
    if name in {"namespaces", "pid_namespaces", "network"}:
        return _for_namespaces(fault, found)
    if name == "proc":
        return (
            "show the container's /proc uncovered "
            "(docker: --security-opt systempaths=unconfined)"
        )
    if name in {"landlock", "seccomp"} and fault == "EPERM":
        return f"let the container's seccomp profile allow {name}"
    return {
        "landlock": "use Linux 5.13 or later with landlock in its lsm= list",
        "landlock_scope": "use Linux 6.12 or later",
        "seccomp": "use a Linux with seccomp filters, on x86_64 or aarch64",
        "bubblewrap": "install bubblewrap (the program bwrap)"
        if fault == "not installed"
        else _for_namespaces(fault, found),
        "subreaper": "use Linux 3.4 or later",
    }[name]


def _for_namespaces(fault: str, found: Switches) -> str:
    if "ENOSYS" in fault or "EINVAL" in fault:
        return (
            "use Linux 5.12 or later with user namespaces, and in a container a "
            "seccomp profile that knows its calls"
        )
    if found.user_namespaces == 0:
        return "sysctl -w user.max_user_namespaces=10000, as root"
    if found.for_everybody == 0:
        return "sysctl -w kernel.unprivileged_userns_clone=1, as root"
    if found.filtered or found.contained:
        return (
            "let the container make user namespaces, with a seccomp profile that "
            "allows unshare, clone and mount"
        )
    if found.app_armor:
        return (
            "install bubblewrap with its AppArmor profile, or as root: "
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        )
    return "ask whoever runs this machine to allow user namespaces"


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _is_filtered(status: Path) -> bool:
    try:
        lines = status.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    # 2: a filter; 0: none; 1: the strict mode, in which nothing of this would run.
    return any(line.split() == ["Seccomp:", "2"] for line in lines)
