"""What a plan has to know of the disk."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["directory", "file", "link", "missing"]
"""What lies at a path; a link is itself, and whatever is no directory is a file."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was looked up for one plan."""

    kinds: dict[str, Kind]
    """By path; of a path that is not in here nothing is known, so it is missing."""
    readable: tuple[str, ...]
    """Real paths of the system, of toolchains and of what the manifest adds."""
    links: dict[str, str]
    """What links say that lead to those, or lie in `entries`, by path."""
    marks: tuple[str, ...] = ()
    """Each `.git` and `.podd` found below a write path."""
    linked: tuple[str, ...] = ()
    """What says of each linked work tree where its repository is, and how to use it."""
    closed: tuple[str, ...] = ()
    """Never to be seen: sockets, and of the system what is not for everybody."""
    entries: tuple[str, ...] = ()
    """What lies in directories that are given without what lies below them."""
    home: str
    """The real home directory."""

    def kind(self, path: str) -> Kind:
        """Say what lies at `path`."""
        return self.kinds.get(path, "missing")
