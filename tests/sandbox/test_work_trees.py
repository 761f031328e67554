"""Linked work trees of git, of which commands may not write everything."""

from __future__ import annotations

import subprocess

import pytest

from podd.core.scope.rules import Rule

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("namespaces")]

_WHO = (
    "export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=e"
    " GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=e; "
)


@pytest.fixture
def repository(box):
    """Has a linked work tree in the scope."""
    who = ("-c", "user.name=n", "-c", "user.email=e")
    for words in (
        ("init", "-q"),
        ("commit", "-q", "--allow-empty", "-m", "one"),
        ("worktree", "add", "-q", "tree"),
    ):
        subprocess.run(["git", *who, *words], check=True, cwd=box.scope)
    return box.scope / ".git/worktrees/tree"


async def test_git_works_in_them(box, repository):
    output = await box.says(
        f"{_WHO} cd tree; echo x > file && git add file && git commit -qm two &&"
        " git log --format=%s && git status --short && git checkout -q -b three"
    )

    assert output == "two\none\n"
    assert not (repository / "config.worktree").exists()


async def test_more_of_them_can_be_made(box, repository):
    assert "second" in await box.says(f"{_WHO} git worktree add second 2>&1; ls")


@pytest.mark.parametrize(
    "attempt",
    [
        "echo x > .git/worktrees/tree/commondir",
        "rm .git/worktrees/tree/commondir",
        "mv .git/worktrees/tree .git/worktrees/other",
        "echo x > .git/worktrees/tree/config.worktree",
    ],
)
async def test_where_their_repository_is_cannot_be_changed(box, repository, attempt):
    before = (repository / "commondir").read_text(encoding="utf-8")

    await box.fails(attempt)

    assert (repository / "commondir").read_text(encoding="utf-8") == before
    assert not (repository / "config.worktree").exists()


async def test_who_names_it_may_change_it(box, repository):
    box.rules += (Rule(path=str(repository / "commondir"), access="write"),)

    await box.says("echo ../.. > .git/worktrees/tree/commondir")
    await box.fails("echo x > .git/worktrees/tree/config.worktree")
