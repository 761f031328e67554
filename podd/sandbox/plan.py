"""What a command will see: the steps from an empty root, and where it may write.

What a plan does not name is not there.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from podd.sandbox.settings import Network

MountKind = Literal[
    "bind", "mask", "empty", "private", "link", "pin", "devices", "processes"
]
"""What is done at a path.

bind: what lies there is shown, writable or not.
mask: something empty that nobody can read lies over it.
empty: a directory made for the command alone, read-only, for what is mounted below.
private: one of the pod's own directories (`source`: tmp, home, memory).
link: a link, saying `source`.
pin: the link that lies there is shown, and can be neither removed nor renamed.
devices, processes: a `/dev` with what programs need, a `/proc` of the command's own.
"""


class Mount(msgspec.Struct, frozen=True, kw_only=True):
    """One step on the way to what a command sees."""

    kind: MountKind
    path: str
    writable: bool = False
    directory: bool = True
    """False: a single file, or a link."""
    make: bool = False
    """Whether the mount point may be made: around it lies nothing but ours."""
    listed: bool = True
    """False: of an `empty` directory nobody may read the names."""
    source: str = ""


class Placeholder(msgspec.Struct, frozen=True):
    """What has to lie on the disk so that a hole can lie over it."""

    path: str
    """Missing parents are made too."""
    directory: bool
    content: str = ""
    declared: bool = False
    """Whether a rule of the scope names it; else it is protected by itself."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a command will see, and where it may write."""

    mounts: tuple[Mount, ...]
    """From the top down."""
    placeholders: tuple[Placeholder, ...]
    writable: tuple[str, ...]
    """What is written to, holes not considered: for what lies on top of the mounts."""
    network: Network
    cwd: str
    home: str
    """What HOME names inside."""
    temporary: str
    """What TMPDIR names inside."""
