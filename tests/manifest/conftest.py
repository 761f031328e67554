"""A directory with a manifest in it, and what loading it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from podd.errors import ManifestError
from podd.manifest.child import ChildAsked, child_manifest
from podd.manifest.child_scope import AskedScope
from podd.manifest.loading import LoadRequest, check, load
from podd.manifest.resolved import Resolved
from podd.paths import Places


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a test writes manifests."""

    directory: Path
    """The caller's."""
    places: Places

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def user(self, text: str) -> Path:
        path = self.places.user_manifest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def models(self, text: str) -> Path:
        path = self.places.user_models
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def request(self, file: str | None, *overrides: str) -> LoadRequest:
        return LoadRequest(
            file=Path(file) if file else None,
            overrides=overrides,
            caller_directory=self.directory,
            environment={"HOME": str(self.directory / "home")},
            places=self.places,
        )

    def load(self, file: str | None, *overrides: str) -> Resolved:
        return load(self.request(file, *overrides))

    def check(self, file: str | None, *overrides: str) -> list[ManifestError]:
        return check(self.request(file, *overrides))

    def text(self, text: str, *overrides: str) -> Resolved:
        """Load `text` as pod.toml."""
        self.write("pod.toml", text)
        return self.load("pod.toml", *overrides)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    directory = tmp_path / "desk"
    (directory / "home").mkdir(parents=True)
    places = Places(
        runtime=tmp_path / "runtime",
        state=tmp_path / "state",
        configuration=tmp_path / "configuration",
    )
    return Desk(directory=directory, places=places)


@pytest.fixture
def refused(desk: Desk) -> Callable[..., ManifestError]:
    """Return the error that loading a text as pod.toml ends with."""

    def _refused(text: str, *overrides: str) -> ManifestError:
        with pytest.raises(ManifestError) as caught:
            desk.text(text, *overrides)
        return caught.value

    return _refused


#: Of a pod that has something to give.
PARENT = """
[model]
ref = "openai_chat/m"
[scope]
read = ["."]
write = ["notes", "src"]
hidden = ["src/secret"]
"""


@pytest.fixture
def child(desk: Desk) -> Callable[..., Resolved]:
    """Return what a parent's manifest and a wish come to."""
    for name in ("notes/x", "src/a/x", "src/b/x", "src/secret/x"):
        desk.write(name, "")

    def _child(parent: str = PARENT, /, **asked: Any) -> Resolved:
        resolved = desk.text(parent)
        scope = asked.pop("scope", None)
        return child_manifest(
            resolved,
            ChildAsked(
                name=asked.pop("name", "x"),
                scope=None if scope is None else AskedScope(**scope),
                **asked,
            ),
            pod=resolved.manifest.pod.name,
            environment={"HOME": str(desk.directory / "home")},
            places=desk.places,
        )

    return _child


@pytest.fixture
def refusal(child: Callable[..., Resolved]) -> Callable[..., ManifestError]:
    def _refusal(*parent: str, **asked: Any) -> ManifestError:
        with pytest.raises(ManifestError) as caught:
            child(*parent, **asked)
        return caught.value

    return _refusal
