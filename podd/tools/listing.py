"""The names in a directory, as far as a pod may see them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

EntryKind = Literal["file", "directory", "link", "other"]


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One name in a directory."""

    name: str
    path: str
    """Absolute and real up to the name itself, which may be a link."""
    kind: EntryKind


@dataclass(frozen=True, slots=True)
class Listing:
    """What a pod may see of a directory, in the order of paths."""

    path: str
    entries: tuple[DirectoryEntry, ...]
    cut: bool
    """True: there is more than was asked for."""


def read_listing(
    directory: int, path: str, limit: int, may_read: Callable[[str], bool]
) -> Listing:
    """Read the names of an open directory, at most `limit` of them."""
    found: list[DirectoryEntry] = []
    prefix = path.rstrip("/") + "/"
    cut = False
    with os.scandir(directory) as names:
        for count, name in enumerate(names):
            if count == limit:
                cut = True
                break
            entry = prefix + name.name
            if may_read(entry):
                found.append(DirectoryEntry(name.name, entry, _kind_of(name)))
    found.sort(key=_in_path_order)
    return Listing(path=path, entries=tuple(found), cut=cut)


def _kind_of(entry: os.DirEntry[str]) -> EntryKind:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "directory"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


def _in_path_order(entry: DirectoryEntry) -> str:
    # So that a walk that goes down at once meets paths in their order as text.
    return entry.name + "/" if entry.kind == "directory" else entry.name
