"""A scope on a real directory, and what a call needs besides."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from podd.core.scope.rules import Rule, Scope
from podd.tools.openat import best_opener, open_at_once, open_by_steps
from podd.tools.output_store import OutputStore
from podd.tools.read_tracker import ReadTracker
from podd.tools.scoped_files import ScopedFiles
from podd.tools.tool import ToolContext


@dataclass
class Place:
    """`work` is writable; `outside` lies beside it; `outputs` is readable too."""

    root: Path
    work: Path
    outside: Path
    outputs: Path

    def files(self, *rules: Rule, **more) -> ScopedFiles:
        scope = Scope((Rule(str(self.work), "write"), *rules))
        return ScopedFiles(
            scope,
            str(self.work),
            verify_lease=more.pop("verify_lease", lambda: None),
            also_readable=(str(self.outputs),),
            **more,
        )

    def context(self, *rules: Rule, **more) -> ToolContext:
        files = more.pop("files", None) or self.files(*rules)
        return ToolContext(
            files=files,
            workdir=str(self.work),
            reads=ReadTracker(),
            outputs=OutputStore(str(self.outputs), more.pop("limits", {})),
            progress=lambda text: None,
            call="call-1",
            **more,
        )

    def write(self, name: str, content: str | bytes = "") -> Path:
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(data)
        return path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    root = Path(os.path.realpath(tmp_path))
    made = Place(root, root / "work", root / "outside", root / "outputs")
    for directory in (made.work, made.outside, made.outputs):
        directory.mkdir()
    return made


@pytest.fixture
def leftovers(place: Place) -> Callable[[], list[str]]:
    """Names of temporary files anywhere."""

    def find() -> list[str]:
        return [str(path) for path in place.root.rglob(".*.tmp")]

    return find


OPENERS = (
    [open_at_once, open_by_steps]
    if best_opener() is open_at_once
    else [
        pytest.param(open_at_once, marks=pytest.mark.skip(reason="no openat2 here")),
        open_by_steps,
    ]
)


@pytest.fixture(params=OPENERS)
def opener(request):
    return request.param
