from __future__ import annotations

import json
import os

import pytest

from podd.runtime import log as logs
from podd.runtime.log import Log
from podd.testing.clock import ManualClock


@pytest.fixture
def _own_stderr(monkeypatch):
    """Rotation points the process's stderr at the new file: give it one to point."""
    spare = os.open(os.devnull, os.O_WRONLY)

    class Stderr:
        def fileno(self):
            return spare

    monkeypatch.setattr("sys.__stderr__", Stderr())
    yield
    os.close(spare)


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path / "pod.log", ManualClock(), pod="p")


def _lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_first_line_makes_the_file_and_lines_keep_their_order(tmp_path, log):
    assert not (tmp_path / "pod.log").exists()
    log.info("one", n=1)
    log.warning("two", what={"a": {1}})

    assert _lines(tmp_path / "pod.log") == [
        {"at": "2026-01-01T00:00:00.000Z", "level": "info", "event": "one", "pod": "p"}
        | {"n": 1},
        {"at": "2026-01-01T00:00:00.000Z", "level": "warning", "event": "two"}
        | {"pod": "p", "what": {"a": [1]}},
    ]
    assert (tmp_path / "pod.log").stat().st_mode & 0o777 == 0o600


def test_an_exception_is_logged_with_its_traceback(tmp_path, log):
    try:
        divmod(1, 0)
    except ZeroDivisionError:
        log.exception("it failed")

    (line,) = _lines(tmp_path / "pod.log")
    assert (line["level"], line["event"]) == ("error", "it failed")
    assert "ZeroDivisionError" in line["traceback"]


@pytest.mark.usefixtures("_own_stderr")
def test_a_log_is_rotated_once(tmp_path, log, monkeypatch):
    monkeypatch.setattr(logs, "LOG_BYTES", 200)
    for number in range(20):
        log.info("line", number=number)

    old, new = tmp_path / "pod.log.1", tmp_path / "pod.log"

    numbers = [line["number"] for line in (*_lines(old), *_lines(new))]
    assert numbers == list(range(numbers[0], 20))
    assert 0 < new.stat().st_size < 400
    assert {path.name for path in tmp_path.iterdir()} == {"pod.log", "pod.log.1"}


@pytest.mark.usefixtures("_own_stderr")
def test_a_rotation_that_fails_writes_into_no_file_of_somebody_else(
    tmp_path, log, monkeypatch
):
    """A descriptor that was closed becomes that of the file that is opened next."""
    monkeypatch.setattr(logs, "LOG_BYTES", 10)
    log.info("first")
    opened = os.open

    def refuse(*args, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "open", refuse)
    log.info("second")
    monkeypatch.setattr(os, "open", opened)
    with (tmp_path / "journal").open("wb") as journal:
        assert journal.fileno() > 2
        log.info("third")
        journal.flush()
        assert os.fstat(journal.fileno()).st_size == 0
