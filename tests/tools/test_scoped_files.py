import errno
import os
import resource
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import anyio
import pytest

from podd.core.scope.rules import Rule, Scope
from podd.errors import LeaseLostError, OutsideScopeError
from podd.tools.openat import best_opener, open_at_once, open_by_steps
from podd.tools.scoped_files import ScopedFiles

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


def _put(content):
    return lambda path, before: content


def _names(directory):
    return sorted(path.name for path in directory.iterdir())


def _read(files, text):
    return files.read_now(str(text)).data


# Reading


def test_relative_and_absolute_paths_inside_are_read(place, opener):
    place.write("a/file", "content")
    files = place.files(opener=opener)

    assert _read(files, "a/file") == b"content"
    assert _read(files, "./a/../a//file") == b"content"
    assert _read(files, place.work / "a/file") == b"content"


def test_the_workdir_may_be_named_through_a_link(place):
    place.write("file", "content")
    (place.root / "alias").symlink_to("work")
    scope = Scope((Rule(str(place.work), "read"),))

    files = ScopedFiles(scope, str(place.root / "alias"), verify_lease=lambda: None)

    assert files.workdir == str(place.work)
    assert _read(files, place.root / "alias/file") == b"content"


@pytest.mark.parametrize(
    "text",
    [
        "../outside/secret",
        "a/../../outside/secret",
        "{outside}/secret",
        "//{outside}/secret",
        "/etc/passwd",
        "/proc/self/environ",
        "..",
        "/",
        "",
        "~",
        "~/file",
        "file\0",
        "absolute_link",
        "relative_link",
        "directory_link/secret",
        "link_to_link",
        "missing_outside",
        "root_link/etc/passwd",
        "loop",
    ],
)
def test_what_leads_out_is_refused(place, opener, text):
    (place.outside / "secret").write_text("secret", encoding="utf-8")
    links = {
        "absolute_link": place.outside / "secret",
        "relative_link": "../outside/secret",
        "directory_link": place.outside,
        "link_to_link": "relative_link",
        "missing_outside": place.outside / "missing",
        "root_link": "/",
        "loop": "loop",
    }
    for name, target in links.items():
        (place.work / name).symlink_to(target)
    text = text.format(outside=place.outside)
    files = place.files(opener=opener)

    with pytest.raises(OutsideScopeError) as read:
        files.read_now(text)
    with pytest.raises(OutsideScopeError) as written:
        anyio.run(files.change, text, _put(b"changed"))

    assert (read.value.access, written.value.access) == ("read", "write")
    assert (place.outside / "secret").read_text(encoding="utf-8") == "secret"
    assert _names(place.outside) == ["secret"]


def test_a_link_that_passes_outside_on_its_way_back_is_refused(place, opener):
    place.write("file", "content")
    (place.outside / "back").symlink_to(place.work / "file")
    (place.work / "detour").symlink_to(place.outside / "back")

    with pytest.raises(OutsideScopeError):
        place.files(opener=opener).read_now("detour")


@pytest.mark.parametrize(
    "text",
    ["relative", "absolute", "through/file", "chain", "up/file", "deep/relative/file"],
)
def test_links_that_stay_inside_are_followed(place, opener, text):
    place.write("a/b/file", "content")
    place.write("deep/other", "")
    links = {
        "relative": "a/b/file",
        "absolute": place.work / "a/b/file",
        "through": "a/b",
        "chain": "relative",
        "up": "./a/b/",
        "deep/relative": "../a/b",
    }
    for name, target in links.items():
        (place.work / name).symlink_to(target)

    found = place.files(opener=opener).read_now(text)

    assert found.data == b"content"
    assert found.path == str(place.work / "a/b/file")


def test_a_link_that_goes_up_after_a_name_is_refused(place, opener):
    # The kernel goes up from where `a` leads, a reader of the text from where it lies.
    place.write("file", "content")
    (place.work / "a").symlink_to(".")
    (place.work / "link").symlink_to("a/../file")

    with pytest.raises(OutsideScopeError):
        place.files(opener=opener).read_now("link")


def test_a_link_of_proc_is_refused_even_where_proc_is_readable(place, opener):
    file = place.write("file", "content")
    files = place.files(Rule("/proc", "read"), opener=opener)
    descriptor = os.open(file, os.O_RDONLY)
    try:
        with pytest.raises(OutsideScopeError):
            files.read_now(f"/proc/{os.getpid()}/fd/{descriptor}")
    finally:
        os.close(descriptor)


def test_the_hidden_is_refused_in_the_words_for_outside(place, opener):
    place.write("secrets/key", "secret")
    (place.work / "link").symlink_to("secrets/key")
    files = place.files(Rule(str(place.work / "secrets"), "hidden"), opener=opener)
    reasons = set()

    for text in (
        "secrets/key",
        "secrets/missing",
        "secrets",
        "link",
        str(place.outside / "missing"),
    ):
        with pytest.raises(OutsideScopeError) as caught:
            files.read_now(text)
        reasons.add(caught.value.reason)
        with pytest.raises(OutsideScopeError):
            anyio.run(files.change, text, _put(b"x"))

    assert len(reasons) == 1
    assert (place.work / "secrets/key").read_text(encoding="utf-8") == "secret"


def test_a_link_in_a_hidden_place_is_not_followed_even_to_the_readable(place, opener):
    place.write("open/public/file", "content")
    (place.work / "secrets").symlink_to("open")
    files = place.files(
        Rule(str(place.work / "secrets"), "hidden"),
        Rule(str(place.work / "secrets/public"), "read"),
        opener=opener,
    )

    with pytest.raises(OutsideScopeError):
        files.read_now("secrets/public/file")


def test_a_refusal_says_what_would_be_allowed(place):
    with pytest.raises(OutsideScopeError) as caught:
        anyio.run(place.files().change, "/etc/motd", _put(b"x"))

    assert str(place.work) in caught.value.reason
    assert caught.value.path == "/etc/motd"


def test_what_is_no_regular_file_is_refused_at_once(place, opener):
    os.mkfifo(place.work / "pipe")
    listener = socket.socket(socket.AF_UNIX)
    directory = os.open(place.work, os.O_PATH)
    listener.bind(f"/proc/self/fd/{directory}/sock")
    (place.work / "to_pipe").symlink_to("pipe")
    files = place.files(Rule("/dev", "write"), opener=opener)

    try:
        for text in ("pipe", "to_pipe", "sock", "/dev/null"):
            with pytest.raises(OutsideScopeError):
                files.read_now(text)
            with pytest.raises(OutsideScopeError):
                anyio.run(files.change, text, _put(b"x"))
    finally:
        listener.close()
        os.close(directory)

    assert stat.S_ISFIFO((place.work / "pipe").stat().st_mode)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_directory_and_a_missing_file_are_told_as_such(place, opener):
    place.write("a/file")
    files = place.files(opener=opener)

    with pytest.raises(IsADirectoryError):
        files.read_now("a")
    with pytest.raises(FileNotFoundError):
        files.read_now("a/missing")
    with pytest.raises(OSError) as caught:  # noqa: PT011  # the number is what counts
        files.read_now("n" * 300)
    assert caught.value.errno == errno.ENAMETOOLONG


def test_a_file_over_the_limit_is_not_read(place):
    place.write("big", "123456789")

    with pytest.raises(OSError) as caught:  # noqa: PT011  # the number is what counts
        place.files().read_now("big", 8)

    assert caught.value.errno == errno.EFBIG


def test_a_check_that_was_remembered_does_not_outlive_a_swap(place, opener):
    place.write("a/file", "content")
    (place.outside / "file").write_text("secret", encoding="utf-8")
    files = place.files(opener=opener)
    assert _read(files, "a/file") == b"content"

    (place.work / "a").rename(place.work / "b")
    (place.work / "a").symlink_to(place.outside)

    with pytest.raises(OutsideScopeError):
        files.read_now("a/file")


def test_spilled_outputs_may_be_read_and_not_written(place):
    (place.outputs / "call.txt").write_text("whole", encoding="utf-8")
    files = place.files()

    assert _read(files, place.outputs / "call.txt") == b"whole"
    with pytest.raises(OutsideScopeError):
        anyio.run(files.change, str(place.outputs / "call.txt"), _put(b"x"))


def test_a_listing_leaves_out_what_is_hidden(place):
    place.write("a/file")
    place.write("secrets/key")
    (place.work / "link").symlink_to("/etc")
    files = place.files(Rule(str(place.work / "secrets"), "hidden"))

    listing = files.listing(".", 100)

    assert [(entry.name, entry.kind) for entry in listing.entries] == [
        ("a", "directory"),
        ("link", "link"),
    ]


# Writing


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
