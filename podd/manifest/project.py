"""The layer that a project brings along, and what it may say.

A project is somebody else's text in a directory the user happens to work in. Until the
user trusts the directory, its layer may not choose where keys and files go, nor what a
pod may touch.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from podd.errors import ManifestError
from podd.manifest.anchoring import LIBRARY_MARK
from podd.manifest.layer import Layer, stated, take_out
from podd.manifest.locator import KeyPath
from podd.manifest.reading import read_layer
from podd.manifest.trust import is_trusted
from podd.manifest.vocabulary import TRUSTED_KEYS
from podd.paths import Places

_DIRECTORY: Final = ".podd"
_WORKDIR: Final[KeyPath] = ("pod", "workdir")
#: Files whose content goes to a model.
_READ_KEYS: Final[tuple[KeyPath, ...]] = (
    ("agent", "instruction"),
    ("agent", "output_schema"),
    ("model", "script"),
)


@dataclass(frozen=True, slots=True)
class Project:
    """A directory with something of ours in its `.podd`."""

    directory: Path
    found: Path
    """The manifest, or the directory of prompts."""
    trusted: bool

    @property
    def remedy(self) -> str:
        # Imported late: only an error asks.
        import shlex

        return f"podctl manifest trust {shlex.quote(str(self.directory))}"

    @property
    def strangers(self) -> set[int]:
        """The other users, root aside, who could have put it here."""
        owners = {self.found.parent.lstat().st_uid, self.found.lstat().st_uid}
        # A link of ours may lead to a file of theirs; one of theirs to a file of ours.
        with contextlib.suppress(OSError):
            owners.add(self.found.stat().st_uid)
        return owners - {os.getuid(), 0}


def find_project(workdir: str, name: str, places: Places) -> Project | None:
    """Return the nearest project upwards from `workdir` whose `.podd` has `name`."""
    start = Path(workdir)
    for directory in (start, *start.parents):
        found = directory / _DIRECTORY / name
        if os.path.lexists(found):
            trusted = is_trusted(places, directory)
            return Project(directory=directory, found=found, trusted=trusted)
    return None


def read_project(project: Project) -> Layer:
    """Read the project's manifest, rights not yet checked."""
    path = str(project.found)
    return read_layer("project", path, str(project.found.parent))


def check_rights(layer: Layer, project: Project) -> list[ManifestError]:
    """Return what the project may not say, and take it out.

    Comes before the check of the shape: that a section is not built yet matters less.
    """
    errors = []
    if layer.has(_WORKDIR):
        reason = "a project's layer is found from the workdir, so it cannot set it"
        errors.append(layer.error(_WORKDIR, reason))
        take_out(layer.table, _WORKDIR)
    if project.trusted:
        return errors
    for key in TRUSTED_KEYS:
        if layer.has(key):
            reason = "a project may set this only in a directory that you trust"
            errors.append(layer.error(key, reason, project.remedy))
            take_out(layer.table, key)
    return errors


def check_reach(layer: Layer, project: Project) -> list[ManifestError]:
    """Return the files outside an untrusted project that it names; take them out.

    An instruction is sent to a model: a project that nobody vouched for could name a
    private key.
    """
    errors = []
    root = os.path.realpath(project.directory)
    for key in _READ_KEYS if not project.trusted else ():
        path = stated(layer.table, key)
        if not isinstance(path, str) or path.startswith(LIBRARY_MARK):
            continue
        if os.path.commonpath([root, os.path.realpath(path)]) != root:
            reason = "a project may name files outside it only if you trust it"
            errors.append(layer.error(key, reason, project.remedy))
            take_out(layer.table, key)
    return errors
