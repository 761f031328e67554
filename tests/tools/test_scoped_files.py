"""Reading within the scope, and what is refused."""

import errno
import os
import socket
import stat
from pathlib import Path

import anyio
import pytest

from podd.core.scope.rules import Rule, Scope
from podd.errors import OutsideScopeError
from podd.tools.scoped_files import ScopedFiles


def _put(content):
    return lambda path, before: content


def _names(directory):
    return sorted(path.name for path in directory.iterdir())


def _read(files, text):
    return files.read_now(str(text)).data


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
