"""One attempt to escape, the proof that it came through, and what stands in its way."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from podd.core.scope.rules import Access, Rule
from podd.sandbox.plan import Plan
from podd.sandbox.settings import CommandLimits, Means, SandboxSettings
from tests.sandbox.escape_world import World


@dataclass(frozen=True, kw_only=True)
class Defence:
    """What can be taken away: in the scope, the settings, the plan or the launcher.

    Only a test can: the launcher is changed by lines that are run in it before it
    begins, and no sandbox outside the tests takes any.
    """

    name: str
    rules: Callable[[World], tuple[Rule, ...]] | None = None
    settings: Callable[[SandboxSettings], SandboxSettings] | None = None
    plan: Callable[[World, Plan], Plan] | None = None
    launcher: str = ""
    is_all: bool = False
    """Whether nothing at all is left: no means."""


Proof = Callable[[World, str], bool]
"""Whether the attempt came through, from the world after it and what it printed."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One command that must not do what it tries."""

    name: str
    how: str
    """Text for the shell, or a program of Python; it can name all `World.names`."""
    proof: Proof
    without: tuple[Defence, ...]
    """It comes through when these are taken away; of several, each one holds it."""
    is_python: bool = False
    holes: Mapping[str, Access] = field(default_factory=dict)
    """By their paths below the root of the world; rules of the other kinds too."""
    prepare: Callable[[World], object] | None = None
    settings: Callable[[World], dict[str, Any]] | None = None
    environment: Callable[[World], dict[str, str]] | None = None
    planted: str = ""
    """Lines for the launcher that make what the attempt is after."""
    planted_for: Callable[[World], str] | None = None
    """Such lines that are about one world."""
    needs: tuple[Callable[[], str], ...] = ()
    """Each says why the attempt cannot be made here; nothing where it can."""
    gaps: Mapping[Means, str] = field(default_factory=dict)
    """By the means that do not stop it: why."""

    def command(self, world: World) -> tuple[str, ...]:
        names = world.names()
        if self.is_python:
            given = "".join(f"{name} = {value!r}\n" for name, value in names.items())
            return (sys.executable, "-I", "-S", "-c", f"{given}{_BEGIN}{self.how}")
        given = "".join(
            f"{name}={shlex.quote(str(value))}\n" for name, value in names.items()
        )
        return ("/bin/bash", "-c", f"{given}{self.how}")


_BEGIN = """
import ctypes, os, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def syscall(number, *arguments):
    result = libc.syscall(ctypes.c_long(number), *(
        ctypes.c_long(it) if isinstance(it, int) else it for it in arguments))
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
"""


# --- what is taken away ----------------------------------------------------------


def _only(wanted: Callable[[World, Any], bool]) -> Callable[[World, Plan], Plan]:
    """Leave out of a plan the mounts that are not wanted, and what they lie over."""

    def altered(world: World, plan: Plan) -> Plan:
        return msgspec.structs.replace(
            plan,
            mounts=tuple(mount for mount in plan.mounts if wanted(world, mount)),
            placeholders=tuple(
                holder for holder in plan.placeholders if wanted(world, holder)
            ),
        )

    return altered


def _is_pin(world: World, mount: Any) -> bool:
    roots = {rule.path for rule in world.rules if rule.access == "write"}
    return getattr(mount, "writable", False) and mount.path not in roots


SCOPE = Defence(
    name="the scope ends there",
    # Instead of the scope: a mount in a mount takes no links from one to the other.
    rules=lambda world: (
        Rule(path=str(world.root), access="write"),
        *(rule for rule in world.rules if rule.path != str(world.scope)),
    ),
)
HOLE = Defence(
    name="the hole",
    rules=lambda world: tuple(
        rule for rule in world.rules if rule.access not in {"read_only", "hidden"}
    ),
)
PINS = Defence(
    name="directories above a hole are mount points",
    plan=_only(lambda world, mount: not _is_pin(world, mount)),
)
PLACEHOLDERS = Defence(
    name="what is missing is given a place to lie over",
    plan=lambda world, plan: _only(
        lambda world, mount: (
            mount.path not in {holder.path for holder in plan.placeholders}
            and not _is_pin(world, mount)
        )
    )(world, plan),
)
GUARDS = Defence(
    name="what git and podd obey is read-only",
    plan=_only(
        lambda world, mount: (
            "/.git" not in mount.path
            and "/.podd" not in mount.path
            and not _is_pin(world, mount)
        )
    ),
)
MASKS = Defence(
    name="places of sockets and of the system are covered",
    plan=_only(
        lambda world, mount: (
            getattr(mount, "kind", "") != "mask" and not _is_pin(world, mount)
        )
    ),
)
CLOSED = Defence(
    name="podd's own places are hidden",
    settings=lambda settings: msgspec.structs.replace(settings, hidden=(), shown=()),
)
NETWORK = Defence(
    name="a network of its own",
    settings=lambda settings: msgspec.structs.replace(settings, network="allow"),
)
ENVIRONMENT = Defence(
    name="the environment is a list of what is allowed",
    settings=lambda settings: msgspec.structs.replace(
        settings, environment=("OPENAI_API_KEY", "BASH_ENV", "SSH_AUTH_SOCK")
    ),
)
LIMITS = Defence(
    name="the limits",
    settings=lambda settings: msgspec.structs.replace(settings, limits=CommandLimits()),
)
LANDLOCK = Defence(
    name="Landlock behind the mounts",
    launcher="""
from podd.sandbox import command_process
command_process._add_landlock = lambda writable: None
""",
)
PROCESSES = Defence(
    name="the pid namespace",
    launcher="""
from podd.sandbox import kernel, launcher
launcher._NAMESPACE_FLAGS &= ~kernel.CLONE_NEWPID
""",
)
MESSAGES = Defence(
    name="the IPC namespace",
    launcher="""
from podd.sandbox import kernel, launcher
launcher._NAMESPACE_FLAGS &= ~kernel.CLONE_NEWIPC
""",
)
CAPABILITIES = Defence(
    name="no capabilities",
    # Ambient ones, since an ordinary user's would end with the next exec.
    launcher="""
import ctypes
from podd.sandbox import kernel
def keep_capabilities():
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    held = (ctypes.c_uint32 * 6)()
    kernel._libc.capget(ctypes.byref(header), ctypes.byref(held))
    held[2], held[5] = held[1], held[4]
    kernel._libc.capset(ctypes.byref(header), ctypes.byref(held))
    for capability in range(41):
        kernel._libc.prctl(47, 2, capability, 0, 0)
kernel.drop_capabilities = keep_capabilities
""",
)
NESTING = Defence(
    name="no further user namespaces",
    launcher="""
from podd.sandbox import namespaces
write_text = namespaces.write_text
namespaces.write_text = lambda path, text: (
    path.endswith("max_user_namespaces") or write_text(path, text))
""",
)
MEMORY = Defence(
    name="pid 1 shows nobody what is its own",
    launcher="""
from podd.sandbox import kernel
kernel.hide_memory = lambda: None
""",
)
PROC_READ_ONLY = Defence(
    name="/proc is read-only",
    launcher="""
from podd.sandbox import kernel
mount = kernel.mount
kernel.mount = lambda kind, target, flags, options="": mount(
    kind, target, flags & ~(kernel.MS_RDONLY * (kind == "proc")), options)
""",
)
PROC_MASKS = Defence(
    name="what /proc shows to root alone is covered",
    launcher="""
from podd.sandbox import namespaces
namespaces.Root._close_processes = lambda self: None
""",
)
KEYRINGS = Defence(
    name="a keyring of its own",
    launcher="""
from podd.sandbox import kernel
kernel.leave_keyrings = lambda: None
""",
)
DESCRIPTORS = Defence(
    name="every descriptor is closed",
    launcher="""
from podd.sandbox import keeper, launcher
keeper.close_all_but = launcher.close_all_but = lambda *kept: None
""",
)
SESSION = Defence(
    name="a session of its own",
    launcher="""
import os
posix_spawn = os.posix_spawn
os.posix_spawn = lambda *given, **named: posix_spawn(
    *given, **{**named, "setsid": False})
""",
)
ENDING = Defence(
    name="strays are ended",
    launcher="""
from podd.sandbox import keeper, launcher
keeper._Keeper._end_all = lambda self: None
launcher.Launcher._end_strays = lambda self: None
""",
)
EVERYTHING = Defence(name="namespaces, all of it", is_all=True)


# --- what shows that it came through ---------------------------------------------


def altered(world: World, output: str) -> bool:
    """What is watched, or what lies beside the scope, is not as it was."""
    return world.snapshot() != world.before


def leaked(world: World, output: str) -> bool:
    """The secret was printed."""
    return world.secret in output


def reached(world: World, output: str) -> bool:
    """Somebody who listened heard something."""
    return world.was_heard()


def told(world: World, output: str) -> bool:
    """It saw itself come through; for what has no effect that could be seen outside."""
    return f"in {world.token}" in output


def ended(world: World, output: str) -> bool:
    """The victim is dead."""
    assert world.victim is not None
    try:
        world.victim.wait(world.patience_seconds)
    except Exception:  # noqa: BLE001  # it lives
        return False
    return True


# --- what has to be there --------------------------------------------------------


def as_root() -> str:
    return "" if os.geteuid() == 0 else "only root could do it anyway"


def program(name: str) -> Callable[[], str]:
    def missing() -> str:
        paths = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
        is_there = any(os.access(f"{path}/{name}", os.X_OK) for path in paths)
        return "" if is_there else f"there is no {name}"

    return missing
