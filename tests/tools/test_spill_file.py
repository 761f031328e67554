import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podd.tools.spill_file import SpillFile


def _spill(tmp_path, *pieces, most=1000, tail=100):
    file = SpillFile(str(tmp_path), "c.txt", most_bytes=most, tail_bytes=tail)
    for piece in pieces:
        file.write(piece)
    file.finish()
    return file, (tmp_path / "c.txt").read_bytes()


def _open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(sizes=st.lists(st.integers(0, 400), max_size=20))
def test_what_is_too_long_for_one_file_loses_its_middle(tmp_path, sizes):
    stream = bytes(n % 251 for n in range(sum(sizes)))
    pieces, at = [], 0
    for size in sizes:
        pieces.append(stream[at : at + size])
        at += size

    file, kept = _spill(tmp_path, *pieces)

    if len(stream) <= 1000:
        assert (kept, file.left_out) == (stream, 0)
        return
    left_out = len(stream) - 1000
    gap = b"\n(%d bytes left out here; an output may take 1000 bytes of the disk)\n"
    assert file.left_out == left_out
    assert kept == stream[:900] + gap % left_out + stream[-100:]


def test_the_end_of_an_endless_output_takes_bounded_memory(tmp_path):
    file = SpillFile(str(tmp_path), "c.txt", most_bytes=1000, tail_bytes=100)

    for _ in range(100):
        file.write(b"x" * 70)

    assert len(file._tail) <= 200
    file.finish()


def test_each_piece_is_in_the_file_at_once(tmp_path):
    file = SpillFile(str(tmp_path), "c.txt")

    file.write(b"one")
    assert (tmp_path / "c.txt").read_bytes() == b"one"
    file.finish()


def test_the_file_is_private_and_begun_anew(tmp_path):
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "c.txt").write_bytes(b"of a call before the crash")

    SpillFile(str(tmp_path / "o"), "c.txt").finish()
    SpillFile(str(tmp_path / "new"), "c.txt").finish()

    assert (tmp_path / "o" / "c.txt").read_bytes() == b""
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "c.txt").stat().st_mode) == 0o600


def test_a_file_that_cannot_be_leaves_nothing_open(tmp_path):
    (tmp_path / "c.txt").symlink_to(tmp_path / "elsewhere")
    before = _open_files()

    with pytest.raises(OSError, match="symbolic"):
        SpillFile(str(tmp_path), "c.txt")

    assert _open_files() == before
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_discarded_is_gone_and_closed_once(tmp_path):
    before = _open_files()
    file = SpillFile(str(tmp_path), "c.txt")
    file.write(b"x")

    file.discard()
    other = os.open("/", os.O_RDONLY)
    file.discard()

    os.close(other)
    assert list(tmp_path.iterdir()) == []
    assert _open_files() == before
