"""A directory with a manifest in it, and what loading it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from podd.errors import ManifestError
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
