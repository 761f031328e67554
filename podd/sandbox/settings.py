"""What a pod's commands get besides its scope: limits, network, environment, places."""

from __future__ import annotations

from typing import Literal

import msgspec

Means = Literal["namespaces", "bubblewrap", "landlock"]
"""How the kernel is made to agree, the best first."""

Network = Literal["allow", "deny"]


class CommandLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a command can use up, at most."""

    processes: int = 1024
    """Processes and threads at once, up to three hundred more (`keeper`). Of one
    command where the kernel counts them (6.14), else of all commands of the pod, and
    then not for root."""
    memory_bytes: int | None = None
    """Of one process. None: three quarters of what the machine has."""
    file_bytes: int = 16 << 30
    """The size that a file can be written to."""
    temporary_bytes: int = 1 << 30
    """What fits into the private TMPDIR and HOME, which lie in memory."""


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for every command of a pod. All paths are absolute."""

    read: tuple[str, ...] = ()
    """Readable and runnable besides the system and what PATH leads to."""
    network: Network = "allow"
    environment: tuple[str, ...] = ()
    """Names that are passed on besides a safe few."""
    hidden: tuple[str, ...] = ()
    """Never to be seen, whatever the scope says: podd's runtime and state."""
    shown: tuple[str, ...] = ()
    """Readable although hidden: where the pod keeps its outputs."""
    written: tuple[str, ...] = ()
    """Where this pod, or one that lends to it, may write. No link there leads to what
    is readable besides the scope."""
    limits: CommandLimits = CommandLimits()
