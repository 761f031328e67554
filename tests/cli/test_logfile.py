from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

import pytest

from podd.cli.logfile import follow, tail


def _write(path, *lines, mode="a"):
    with path.open(mode, encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_the_tail_is_the_last_lines_oldest_first(tmp_path):
    log = tmp_path / "pod.log"
    _write(log, "1", "2", "3")

    assert tail(log, 2) == ["2", "3"]
    assert tail(log, 9) == ["1", "2", "3"]
    assert tail(log, 0) == []


def test_the_tail_reads_over_many_blocks(tmp_path):
    log = tmp_path / "pod.log"
    lines = [f"{n} {'x' * 5000}" for n in range(60)]
    _write(log, *lines)

    assert tail(log, 50) == lines[-50:]


def test_the_tail_goes_on_in_the_rotated_file(tmp_path):
    _write(tmp_path / "pod.log.1", "1", "2")
    _write(tmp_path / "pod.log", "3")

    assert tail(tmp_path / "pod.log", 2) == ["2", "3"]


def test_a_log_that_is_not_there_has_no_lines(tmp_path):
    assert tail(tmp_path / "pod.log", 5) == []


def test_a_line_without_its_end_is_shown_and_bad_bytes_do_not_stop_it(tmp_path):
    log = tmp_path / "pod.log"
    log.write_bytes(b"a\n\xff\nb")

    assert tail(log, 3) == ["a", "�", "b"]


@pytest.fixture
def following(tmp_path):
    """Follow in a thread; the lines come out of a queue, each awaited with a limit."""
    import queue

    came: queue.Queue[str] = queue.Queue()
    threads = []

    def start(count: int):
        def run():
            for line in follow(tmp_path / "pod.log", count, time.monotonic() + 5):
                came.put(line)
                if line == "end":
                    return

        thread = threading.Thread(target=run)
        thread.start()
        threads.append(thread)
        return lambda: came.get(timeout=5)

    yield start
    for thread in threads:
        thread.join(6)


def test_following_tells_what_was_and_then_what_comes(tmp_path, following):
    log = tmp_path / "pod.log"
    _write(log, "old", "older")
    line = following(1)
    assert line() == "older"

    _write(log, "new")
    assert line() == "new"

    with log.open("a", encoding="utf-8") as file:
        file.write("half")
        file.flush()
        file.write(" whole\nend\n")
    assert (line(), line()) == ("half whole", "end")


def test_following_goes_over_a_rotation_and_loses_nothing(tmp_path, following):
    log = tmp_path / "pod.log"
    _write(log, "1")
    line = following(10)
    assert line() == "1"

    _write(log, "2")
    log.rename(tmp_path / "pod.log.1")
    _write(tmp_path / "pod.log.1", "3")
    _write(log, "4", "end", mode="w")

    assert [line(), line(), line(), line()] == ["2", "3", "4", "end"]


def test_following_waits_for_a_log_that_is_not_there_yet(tmp_path, following):
    line = following(10)
    _write(tmp_path / "pod.log", "1", "end")

    assert (line(), line()) == ("1", "end")


def test_following_begins_again_in_a_log_that_was_cut(tmp_path, following):
    log = tmp_path / "pod.log"
    _write(log, "a long first line")
    line = following(10)
    assert line() == "a long first line"

    _write(log, "end", mode="w")

    assert line() == "end"


def test_following_ends_when_its_time_is_over(tmp_path):
    _write(tmp_path / "pod.log", "1", "2")

    lines = follow(tmp_path / "pod.log", 10, time.monotonic())

    assert list(itertools.islice(lines, 3)) == ["1", "2"]


@pytest.mark.parametrize("taken", [1, 3])
def test_whoever_stops_following_leaves_no_file_open(tmp_path, taken):
    _write(tmp_path / "pod.log", "1", "2")
    lines = follow(tmp_path / "pod.log", 1, time.monotonic())
    before = len(list(Path("/proc/self/fd").iterdir()))

    list(itertools.islice(lines, taken))
    lines.close()

    assert len(list(Path("/proc/self/fd").iterdir())) == before
