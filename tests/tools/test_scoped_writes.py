"""Writing within the scope, and what is refused."""

import os
import resource
import stat
import subprocess
import sys
import threading

import anyio
import pytest

from podd.core.scope.rules import Rule
from podd.errors import LeaseLostError, OutsideScopeError


def _put(content):
    return lambda path, before: content


def _names(directory):
    return sorted(path.name for path in directory.iterdir())


def _read(files, text):
    return files.read_now(str(text)).data


async def test_a_new_file_is_made_with_its_directories(place, opener):
    change = await place.files(opener=opener).change("a/b/file", _put(b"content"))

    assert change.path == str(place.work / "a/b/file")
    assert (change.change, change.before) == ("created", None)
    assert (place.work / "a/b/file").read_bytes() == b"content"


async def test_a_new_file_has_the_mode_of_the_umask(place):
    umask = os.umask(0o027)
    try:
        await place.files().change("file", _put(b"x"))
    finally:
        os.umask(umask)

    assert stat.S_IMODE((place.work / "file").stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["x" * 255, "\N{GRINNING FACE}" * 63])
async def test_a_name_as_long_as_the_system_allows_is_written(place, name):
    await place.files().change(name, _put(b"new"))

    assert _names(place.work) == [name]


async def test_an_old_file_keeps_its_mode_and_owner(place, opener):
    path = place.write("tool.sh", "old")
    path.chmod(0o751)
    if os.getuid() == 0:
        os.chown(path, 65534, 65534)
    owner = path.stat().st_uid, path.stat().st_gid

    change = await place.files(opener=opener).change("tool.sh", _put(b"new"))

    assert (change.change, change.before) == ("modified", b"old")
    assert stat.S_IMODE(path.stat().st_mode) == 0o751
    assert (path.stat().st_uid, path.stat().st_gid) == owner


async def test_a_second_name_keeps_the_old_content(place):
    path = place.write("file", "old")
    os.link(path, place.outside / "name")

    await place.files().change("file", _put(b"new"))

    assert path.read_text(encoding="utf-8") == "new"
    assert (place.outside / "name").read_text(encoding="utf-8") == "old"


async def test_a_link_inside_is_written_through_to_its_target(place, opener):
    place.write("real", "old")
    (place.work / "link").symlink_to("real")
    (place.work / "fresh").symlink_to("not_yet")
    files = place.files(opener=opener)

    await files.change("link", _put(b"new"))
    await files.change("fresh", _put(b"made"))

    assert (place.work / "link").is_symlink()
    assert (place.work / "real").read_text(encoding="utf-8") == "new"
    assert (place.work / "not_yet").read_text(encoding="utf-8") == "made"


@pytest.mark.parametrize(
    "name", ["kept/file", "kept/new/file", ".git/config", "a/.git/hooks/x", "to_kept/f"]
)
def test_holes_are_not_written(place, opener, name):
    place.write("kept/file", "old")
    (place.work / "to_kept").symlink_to("kept")
    files = place.files(Rule(str(place.work / "kept"), "read_only"), opener=opener)

    with pytest.raises(OutsideScopeError):
        anyio.run(files.change, name, _put(b"new"))

    assert (place.work / "kept/file").read_text(encoding="utf-8") == "old"
    assert _names(place.work) == ["kept", "to_kept"]


def test_a_rule_that_is_not_recursive_ends_where_it_says(place):
    flat = place.root / "flat"
    flat.mkdir()
    files = place.files(Rule(str(flat), "write", recursive=False))

    anyio.run(files.change, str(flat / "file"), _put(b"x"))
    with pytest.raises(OutsideScopeError):
        anyio.run(files.change, str(flat / "deep/file"), _put(b"x"))

    assert _names(flat) == ["file"]


def test_directories_above_a_granted_one_are_not_made(place):
    granted = place.outside / "gone" / "granted"
    files = place.files(Rule(str(granted), "write"))

    with pytest.raises(OutsideScopeError):
        anyio.run(files.change, str(granted / "file"), _put(b"x"))

    assert _names(place.outside) == []


def test_nothing_is_written_beside_a_single_granted_file(place):
    (place.outside / "only").write_text("old", encoding="utf-8")
    files = place.files(Rule(str(place.outside / "only"), "write"))

    with pytest.raises(OutsideScopeError):
        anyio.run(files.change, str(place.outside / "only"), _put(b"new"))

    assert (place.outside / "only").read_text(encoding="utf-8") == "old"
    assert _names(place.outside) == ["only"]


def test_a_lost_lease_stops_a_write_before_it_begins(place, leftovers):
    def lost():
        raise LeaseLostError(loss="allocation_gone")

    with pytest.raises(LeaseLostError):
        anyio.run(place.files(verify_lease=lost).change, "a/file", _put(b"x"))

    assert _names(place.work) == []


def test_a_lease_lost_at_the_last_moment_leaves_the_old_file(place, leftovers):
    path = place.write("file", "old")
    asked = []

    def lost_later():
        asked.append(1)
        if len(asked) > 1:
            raise LeaseLostError(loss="table_gone")

    with pytest.raises(LeaseLostError):
        anyio.run(place.files(verify_lease=lost_later).change, "file", _put(b"new"))

    assert path.read_text(encoding="utf-8") == "old"
    assert leftovers() == []


def test_a_write_that_fails_leaves_nothing_behind(place, leftovers):
    path = place.write("file", "old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        for name in ("file", "new/deep/file"):
            with pytest.raises(OSError):  # noqa: PT011  # EFBIG here, ENOSPC on a disk
                anyio.run(place.files().change, name, _put(b"x" * 10_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert path.read_text(encoding="utf-8") == "old"
    assert leftovers() == []
    assert _names(place.work) == ["file"]


@pytest.mark.skipif(os.getuid() == 0, reason="permission bits do not bind root")
def test_a_write_protected_file_is_not_replaced(place):
    path = place.write("file", "old")
    path.chmod(0o444)

    with pytest.raises(PermissionError):
        anyio.run(place.files().change, "file", _put(b"new"))

    assert path.read_text(encoding="utf-8") == "old"


async def test_what_compute_refuses_changes_nothing(place):
    path = place.write("file", "old")
    before = path.stat()

    said = await place.files().change("file", lambda path, content: (path, content))

    assert said == (str(path), b"old")
    assert path.stat() == before


async def test_parallel_changes_of_one_file_wait_for_each_other(place):
    path = place.write("file", "")
    files = place.files()

    async with anyio.create_task_group() as group:
        for number in range(20):
            line = f"{number}\n".encode()
            group.start_soon(
                files.change, "file", lambda _, before, line=line: before + line
            )

    assert sorted(map(int, path.read_text(encoding="utf-8").split())) == list(range(20))


async def test_a_change_by_somebody_else_meanwhile_is_seen(place):
    path = place.write("file", "old")
    seen = []

    def compute(_, before):
        if not seen:
            path.write_text("theirs", encoding="utf-8")
        seen.append(before)
        return before + b" and ours"

    await place.files().change("file", compute)

    assert seen == [b"old", b"theirs"]
    assert path.read_text(encoding="utf-8") == "theirs and ours"


async def test_a_change_that_has_begun_is_finished_when_cancelled(place):
    path = place.write("file", "old")
    begun, go_on = threading.Event(), threading.Event()
    done = []

    def compute(_, before):
        begun.set()
        assert go_on.wait(5)
        return b"new"

    async def change():
        done.append(await place.files().change("file", compute))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(change)
            await anyio.to_thread.run_sync(begun.wait, 5)
            group.cancel_scope.cancel()
            go_on.set()

    assert done[0].change == "modified"
    assert path.read_text(encoding="utf-8") == "new"


async def test_the_loop_runs_while_a_disk_is_slow(place):
    place.write("file", "old")
    looped, seen = threading.Event(), []

    def compute(_, before):
        seen.append(looped.wait(5))
        return b"new"

    async def loop():
        looped.set()

    async with anyio.create_task_group() as group:
        group.start_soon(place.files().change, "file", compute)
        group.start_soon(loop)

    assert seen == [True]


SWAPPER = """
import os, sys
work, outside = sys.argv[1:]
os.chdir(work)
os.symlink(outside, "bent")
print("ready", flush=True)
while True:
    os.rename("a", "kept"); os.rename("bent", "a")
    os.rename("a", "bent"); os.rename("kept", "a")
"""


@pytest.mark.processes
def test_nothing_lands_outside_while_a_directory_is_swapped_for_a_link(place, opener):
    place.write("a/seed", "inside")
    (place.outside / "seed").write_text("secret", encoding="utf-8")
    files = place.files(opener=opener)
    swapper = subprocess.Popen(
        [sys.executable, "-c", SWAPPER, str(place.work), str(place.outside)],
        stdout=subprocess.PIPE,
    )
    written = refused = 0
    try:
        swapper.stdout.readline()
        for number in range(300):
            try:
                anyio.run(files.change, f"a/new/{number}", _put(b"x"))
                written += 1
            except (OutsideScopeError, OSError):
                refused += 1
            try:
                assert _read(files, "a/seed") == b"inside"
            except (OutsideScopeError, OSError):
                refused += 1
    finally:
        swapper.kill()
        swapper.wait()
        swapper.stdout.close()

    assert _names(place.outside) == ["seed"]
    assert written
    assert refused


@pytest.mark.parametrize("name", [".git", "a/.git"])
def test_a_file_that_would_lead_git_elsewhere_is_not_made(place, opener, name):
    with pytest.raises(OutsideScopeError):
        anyio.run(place.files(opener=opener).change, name, _put(b"gitdir: /elsewhere"))

    assert not (place.work / name).exists()


@pytest.mark.parametrize("name", ["commondir", "config.worktree"])
async def test_what_git_trusts_of_a_linked_work_tree_is_not_written(place, name):
    place.write(".git/worktrees/other/HEAD", "x")

    with pytest.raises(OutsideScopeError, match="linked work tree"):
        await place.files().change(f".git/worktrees/other/{name}", _put(b"new"))
    await place.files().change(".git/worktrees/other/ORIG_HEAD", _put(b"new"))

    assert _names(place.work / ".git/worktrees/other") == ["HEAD", "ORIG_HEAD"]
