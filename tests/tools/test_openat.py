import errno
import os
from pathlib import Path

import pytest

from podd.tools.openat import best_opener, open_at_once, open_by_steps

if best_opener() is not open_at_once:
    OPENERS = [
        pytest.param(open_at_once, marks=pytest.mark.skip(reason="no openat2 here")),
        open_by_steps,
    ]
else:
    OPENERS = [open_at_once, open_by_steps]

FLAGS = {
    "file": os.O_RDONLY,
    "directory": os.O_RDONLY | os.O_DIRECTORY,
    "path": os.O_PATH,
}


@pytest.fixture(params=OPENERS)
def opener(request):
    return request.param


def test_a_straight_path_opens_what_it_names(place, opener):
    path = place.write("a/b/file", "content")

    descriptor = opener(str(path), os.O_RDONLY)

    try:
        assert os.read(descriptor, 100) == b"content"
        assert not os.get_inheritable(descriptor)
    finally:
        os.close(descriptor)


def test_the_root_can_be_opened(opener):
    os.close(opener("/", os.O_PATH | os.O_DIRECTORY))


@pytest.mark.parametrize("flags", FLAGS.values(), ids=FLAGS)
@pytest.mark.parametrize("bent", ["link", "to_directory/file", "to_directory", "loop"])
def test_a_link_in_any_place_is_told_as_eloop(place, opener, bent, flags):
    place.write("directory/file", "content")
    (place.work / "link").symlink_to("directory/file")
    (place.work / "to_directory").symlink_to("directory")
    (place.work / "loop").symlink_to("loop")

    with pytest.raises(OSError) as caught:  # noqa: PT011  # the number is what counts
        opener(str(place.work / bent), flags)

    assert caught.value.errno == errno.ELOOP


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("missing", errno.ENOENT),
        ("missing/deeper", errno.ENOENT),
        ("file/below", errno.ENOTDIR),
        ("n" * 300, errno.ENAMETOOLONG),
    ],
)
def test_what_cannot_be_opened_is_told_as_open_does(place, opener, name, number):
    place.write("file", "content")

    with pytest.raises(OSError) as caught:  # noqa: PT011  # the number is what counts
        opener(str(place.work / name), os.O_RDONLY)

    assert caught.value.errno == number


def test_opening_leaves_no_descriptor_behind(place, opener):
    place.write("a/file", "content")
    (place.work / "link").symlink_to("a")
    before = len(list(Path("/proc/self/fd").iterdir()))

    for name in ("a/file", "link/file", "a/missing", "a/file/below"):
        try:
            os.close(opener(str(place.work / name), os.O_RDONLY))
        except OSError:
            continue

    assert len(list(Path("/proc/self/fd").iterdir())) == before
