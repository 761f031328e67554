from __future__ import annotations

from pathlib import Path

import pytest

from podd.cli import filesystem

MOUNTS = rb"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:30 / /home rw - nfs4 server:/home rw
31 30 0:31 / /home/with\040space rw - tmpfs none rw
32 22 0:32 / /tmp rw shared:5 master:1 - xfs /dev/b rw
33 22 0:33 / /tmp rw - 9p none rw
""".splitlines()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/homely", "ext4"),
        ("/home/me", "nfs4"),
        ("/home/with space/x", "tmpfs"),
        ("/tmp/x", "9p"),
    ],
)
def test_the_deepest_and_latest_mount_counts(path, kind):
    assert filesystem.deepest(MOUNTS, Path(path)) == kind


def test_this_machine_tells_the_file_system_of_a_path_that_is_not_there(tmp_path):
    assert filesystem.kind(tmp_path / "a" / "b") == filesystem.kind(tmp_path) != ""


def test_the_size_counts_files_and_does_not_follow_links(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "f").write_bytes(b"x" * 10)
    (tmp_path / "g").write_bytes(b"x" * 5)
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "big").write_bytes(b"x" * 1000)
    (tmp_path / "link").symlink_to(outside)

    assert filesystem.size_bytes(tmp_path) == 15


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (9, "9 B"),
        (1024, "1.0 KiB"),
        (13 * 2**20, "13 MiB"),
        (2**50, "1024 TiB"),
    ],
)
def test_sizes_read_well(count, text):
    assert filesystem.human_bytes(count) == text
