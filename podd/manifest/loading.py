"""From files and `--set` to a resolved manifest, or to all that is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal

from podd.errors import ManifestError
from podd.manifest.anchoring import anchor_paths, is_utf8
from podd.manifest.completing import Completing, Setting
from podd.manifest.layer import Layer, lengthen_short_form, stated
from podd.manifest.locator import KeyPath
from podd.manifest.meaning import check_values
from podd.manifest.merging import merge
from podd.manifest.overrides import override_layer
from podd.manifest.project import (
    Project,
    check_reach,
    check_rights,
    find_project,
    read_project,
)
from podd.manifest.reading import read_layer
from podd.manifest.request import LoadRequest
from podd.manifest.resolved import Resolved
from podd.manifest.shape import check_shape

__all__ = ["LoadRequest", "check", "load"]

_WORKDIR: Final[KeyPath] = ("pod", "workdir")


def load(request: LoadRequest) -> Resolved:
    """Read, check and merge all layers.

    Raises:
        NoSuchError: the file given is not there.
        ManifestError: the first, by layer and line, of all that is wrong.
        StorageError: the list of trusted directories cannot be read.
    """
    loading = _Loading(request)
    resolved = loading.run()
    if resolved is None:
        raise loading.sorted_errors()[0]
    return resolved


def check(request: LoadRequest) -> list[ManifestError]:
    """Return all that is wrong, by layer and line; empty where `load` would succeed.

    Raises:
        NoSuchError: the file given is not there.
        StorageError: the list of trusted directories cannot be read.
    """
    loading = _Loading(request)
    loading.run()
    return loading.sorted_errors()


class _Loading:
    """One load. Goes on after an error, to find the others."""

    def __init__(self, request: LoadRequest) -> None:
        self._request = request
        self._caller = os.path.abspath(request.caller_directory)  # noqa: PTH100  # lexical, as all paths here
        self._errors: list[ManifestError] = []
        self._warnings: list[str] = []
        self._order: dict[str, int] = {}
        """Of the layers read, by path, low to high."""

    def run(self) -> Resolved | None:
        user = self._user()
        file = self._file()
        overrides = override_layer(self._request.overrides, self._caller, self._errors)
        for layer in (user, file, overrides):
            if layer is not None:
                self._check(layer)
        workdir = self._workdir(user, file, overrides)
        project = self._project(workdir, file)
        layers = [x for x in (user, project, file, overrides) if x is not None]
        self._order = {layer.path: rank for rank, layer in enumerate(layers)}
        setting = Setting(
            request=self._request,
            file=self._file_path(),
            workdir=workdir,
            caller_directory=self._caller,
            manifests=tuple(x.path for x in layers if x.name != "--set"),
            project_prompts=self._prompts(workdir),
        )
        return Completing(merge(layers), setting, self._errors, self._warnings).run()

    def sorted_errors(self) -> list[ManifestError]:
        return sorted(
            self._errors, key=lambda e: (self._order.get(e.path, -1), e.line or 0)
        )

    def _user(self) -> Layer | None:
        path = self._request.places.user_manifest
        if not os.path.lexists(path):
            return None
        return self._read("user", str(path))

    def _file(self) -> Layer | None:
        path = self._file_path()
        if path is None:
            return None
        if not is_utf8(path):
            reason = "its path is not UTF-8"
            self._errors.append(ManifestError(path=ascii(path), reason=reason))
            return None
        return self._read("file", path)

    def _file_path(self) -> str | None:
        if self._request.file is None:
            return None
        return os.path.normpath(Path(self._caller, self._request.file))

    def _read(self, name: Literal["user", "file"], path: str) -> Layer | None:
        try:
            return read_layer(name, path, os.path.dirname(path))  # noqa: PTH120  # text in, text out
        except ManifestError as error:
            self._errors.append(error)
            return None

    def _check(self, layer: Layer, project: Project | None = None) -> None:
        lengthen_short_form(layer, self._errors)
        if project is not None:
            self._errors += check_rights(layer, project)
        self._errors += check_shape(layer)
        self._errors += check_values(layer)
        self._errors += anchor_paths(layer, self._request.environment)
        if project is not None:
            self._errors += check_reach(layer, project)

    def _workdir(self, user: Layer | None, file: Layer | None, overrides: Layer) -> str:
        for layer in (overrides, file, user):
            if layer is not None and (path := stated(layer.table, _WORKDIR)):
                return str(path)
        path = self._file_path()
        # Saying `workdir = "."` and saying nothing are the same.
        return os.path.dirname(path) if path else self._caller  # noqa: PTH120  # text in, text out

    def _project(self, workdir: str, file: Layer | None) -> Layer | None:
        project = find_project(workdir, "manifest.toml", self._request.places)
        if project is None or self._is_strange(project):
            return None
        path = str(project.found)
        if file is not None and os.path.realpath(path) == os.path.realpath(file.path):
            # Given by its name: the user's own choice, and one layer is enough.
            return None
        try:
            layer = read_project(project)
        except ManifestError as error:
            self._errors.append(error)
            return None
        self._check(layer, project)
        return layer

    def _prompts(self, workdir: str) -> str | None:
        project = find_project(workdir, "prompts", self._request.places)
        if project is None:
            return None
        if not project.trusted:
            self._warnings.append(
                f"{project.found} is not used, the directory is not trusted; "
                f"{project.remedy}"
            )
            return None
        return str(project.found)

    def _is_strange(self, project: Project) -> bool:
        """Whether somebody else left this here, as anyone can in /tmp."""
        if project.trusted or not project.strangers:
            return False
        uids = ", ".join(str(uid) for uid in sorted(project.strangers))
        self._warnings.append(
            f"{project.found} is not used, it belongs to uid {uids}; {project.remedy}"
        )
        return True
