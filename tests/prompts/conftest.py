"""A catalogue whose libraries a test may write to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from podd.core.scope.rules import Rule, Scope
from podd.prompts.catalogue import Catalogue
from podd.prompts.system import Subject, render_system


@dataclass(frozen=True, slots=True)
class Shelf:
    """Libraries, and a directory to work in."""

    catalogue: Catalogue
    user: Path
    project: Path
    workdir: Path

    def write(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def system(
        self,
        instruction: str,
        *rules: Rule,
        tools: tuple[str, ...] = (),
        task: str | None = None,
        **more: Any,
    ) -> str:
        subject = Subject(
            pod="p",
            workdir=str(self.workdir),
            scope=Scope(rules=rules or (Rule(str(self.workdir), "read"),)),
            instruction=instruction,
            tools=tools,
            date="2026-11-21",
            task_instruction=task,
            **more,
        )
        return render_system(subject, self.catalogue)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    workdir = tmp_path / "work"
    workdir.mkdir()
    user, project = tmp_path / "user", tmp_path / "project"
    return Shelf(
        catalogue=Catalogue(user=user, project=project),
        user=user,
        project=project,
        workdir=workdir,
    )
