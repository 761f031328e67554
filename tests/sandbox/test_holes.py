"""What a command cannot do to a hole in its scope."""

from __future__ import annotations

from pathlib import Path

import pytest

from podd.errors import CommandNotStartedError
from tests.sandbox.machine import names, touch

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("namespaces")]


HOLE_ATTEMPTS = [
    "echo x > {hole}/file",
    "echo x >> {hole}/file",
    "echo x > {hole}/new",
    "rm -rf {hole}",
    "rm -f {hole}/file",
    "mv {hole} elsewhere",
    "mv {hole}/file elsewhere",
    "mv a other && mkdir -p {hole}",
    "mv a/b other && mkdir -p {hole}",
    "mkdir new && mv -T new {hole}",
    "ln {hole}/file elsewhere",
    "ln -sfT /tmp a",
    "chmod 777 {hole}/file",
    "chmod 777 {hole}",
    "touch -d 2001-01-01 {hole}/file",
    "python3 -c \"import os; os.setxattr('{hole}/file', 'user.x', b'y')\"",
    "umount {hole}",
    "umount -l a",
    "mount -o remount,rw,bind {hole}",
    "mount -t tmpfs none a",
    "unshare -Urm sh -c 'umount {hole}; echo x > {hole}/file'",
    "unshare -Urm sh -c 'mount -o remount,rw,bind {hole} && echo x > {hole}/file'",
    "python3 -c \"import os; os.truncate('{hole}/file', 0)\"",
    "cd {hole} && echo x > file",
    "echo x > /proc/self/cwd/{hole}/file",
    "echo x > /proc/1/root{full}/file",
]


@pytest.mark.parametrize("attempt", HOLE_ATTEMPTS)
async def test_a_hole_stays_as_it_is_and_so_does_the_way_to_it(box, attempt):
    touch(box.scope / "a/b/hole/file")
    box.rule("scope/a/b/hole", "read_only")
    before = (box.scope / "a/b/hole/file").stat()

    await box.fails(attempt.format(hole="a/b/hole", full=box.scope / "a/b/hole"))

    hole = box.scope / "a/b/hole"
    after = (hole / "file").stat()
    assert (after.st_mode, after.st_mtime, after.st_ino, after.st_ctime) == (
        before.st_mode,
        before.st_mtime,
        before.st_ino,
        before.st_ctime,
    )
    assert names(hole) == ["file"]
    assert (hole / "file").read_text(encoding="utf-8") == "as it was"


async def test_around_a_hole_everything_goes_on(box):
    touch(box.scope / "a/b/hole/file")
    box.rule("scope/a/b/hole", "read_only")

    output = await box.says(
        "cat a/b/hole/file; echo x > a/new; mv a/new a/b/new; mkdir a/b/c; touch top"
    )

    assert output == "as it was"
    assert (box.scope / "a/b/new").is_file()


async def test_a_hole_below_a_hidden_one_and_a_grant_below_both(box):
    touch(box.scope / "secret/open/file")
    touch(box.scope / "secret/key")
    box.rule("scope/secret", "hidden")
    box.rule("scope/secret/open", "write")

    output = await box.says(
        "cat secret/open/file && echo x > secret/open/new"
        " && ! ls secret && ! cat secret/key && ! touch secret/new"
        " && ! mv secret other"
    )

    assert output.startswith("as it was")
    assert names(box.scope / "secret/open") == ["file", "new"]


@pytest.mark.parametrize("attempt", ["ls secret", "cat secret/key", "cat file"])
async def test_what_is_hidden_cannot_be_read(box, attempt):
    touch(box.scope / "secret/key")
    touch(box.scope / "file")
    box.rule("scope/secret", "hidden")
    box.rule("scope/file", "hidden")

    assert "Permission denied" in await box.fails(attempt)


async def test_what_is_hidden_in_something_read_only_cannot_be_read_either(box):
    touch(box.beside / "secret/key")
    touch(box.beside / "file")
    box.rule("beside", "read")
    box.rule("beside/secret", "hidden")

    await box.fails(f"cat {box.beside}/secret/key")
    assert await box.says(f"cat {box.beside}/file") == "as it was"
    await box.fails(f"echo x > {box.beside}/file")


async def test_a_hole_that_is_missing_cannot_be_made(box):
    box.rule("scope/later/hole", "read_only")
    box.rule("scope/hidden", "hidden")

    await box.fails("mkdir -p later/hole/x")
    await box.fails("rmdir later/hole || rmdir later || mv later other")
    await box.fails("echo x > hidden || mkdir hidden || ls hidden")

    assert names(box.scope) == []


async def test_what_was_made_to_lie_under_a_hole_stays_until_the_last_command(box):
    box.rule("scope/later", "read_only")
    running = await box.start("echo ready; cat > /dev/null; sleep 60")
    await anext(running.chunks())

    await box.says("true")

    assert names(box.scope) == [".git", ".podd", "later"]
    await running.aclose()
    assert names(box.scope) == []


async def test_a_hole_below_a_file_cannot_be_held_and_is_told(box):
    touch(box.scope / "file")
    box.rule("scope/file/hole", "read_only")

    with pytest.raises(CommandNotStartedError) as caught:
        await box.start("true")

    assert str(box.scope / "file") in caught.value.reason


@pytest.mark.parametrize(
    "attempt",
    [
        "rm link",
        "mv link other",
        "ln -sfT /tmp link",
        "mv -T new link",
        "echo x>link/y",
    ],
)
async def test_a_link_that_is_a_hole_stays_what_it_is(box, attempt):
    (box.scope / "new").mkdir()
    touch(box.scope / "target/file")
    (box.scope / "link").symlink_to("target")
    box.rule("scope/link", "read_only")
    box.rule("scope/target", "read_only")

    await box.fails(attempt)

    assert (box.scope / "link").readlink() == Path("target")
    assert await box.says("cat link/file") == "as it was"
