"""What git and podd obey, below a write path."""

from __future__ import annotations

import subprocess

import pytest

from tests.sandbox.machine import names, touch

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("namespaces")]


def repository(directory):
    subprocess.run(["git", "init", "-q", directory], check=True)


@pytest.mark.parametrize(
    "attempt",
    [
        "echo x > .git/hooks/pre-commit",
        "git config user.name x",
        "git config core.fsmonitor x",
        "mv .git other",
        "rm -rf .git/hooks",
        "echo /tmp > .git/commondir",
        "rm -f .git/commondir && ! test -e .git/commondir",
        "mkdir -p .git/modules/x",
        "echo x > .git/config.worktree",
        "mkdir .podd/x",
        "cd sub/deep && git config user.name x",
        "echo x > sub/deep/.git/hooks/pre-commit",
        "mv sub/deep other",
    ],
)
async def test_what_git_and_podd_obey_is_read_only(box, attempt):
    for place in (box.scope, box.scope / "sub/deep"):
        repository(place)

    await box.fails(attempt)


async def test_git_works_where_it_is_protected(box):
    repository(box.scope)

    output = await box.says(
        "export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=e"
        " GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=e;"
        " echo x > file && git add file && git commit -qm one && git branch two &&"
        " git checkout -q two && git log --format=%s && git status --short && git gc -q"
    )

    assert output == "one\n"
    assert not (box.scope / ".git/commondir").exists()
    assert await box.says("git status --short") == ""


async def test_no_repository_is_made_where_the_scope_begins(box):
    await box.fails("git init -q .")
    await box.fails("mkdir .git/hooks || echo x > .git/config || rmdir .git")

    assert names(box.scope) == []


async def test_a_repository_made_by_a_command_is_protected_from_the_next_one(box):
    await box.says("git init -q sub")

    await box.fails("echo x > sub/.git/hooks/post-checkout")
    await box.fails("git -C sub config user.name x")


async def test_a_git_that_is_a_file_stays_so(box):
    touch(box.scope / ".git", "gitdir: ../elsewhere\n")

    await box.fails("rm .git || echo x > .git || mv .git other")


async def test_who_names_a_protected_path_may_write_it(box):
    repository(box.scope)
    box.rule("scope/.git/hooks", "write")

    await box.says("echo x > .git/hooks/pre-commit")
    await box.fails("git config user.name x")
