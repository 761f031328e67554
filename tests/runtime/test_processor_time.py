"""Work that never ends is ended, whatever it is at; other work is left alone."""

from __future__ import annotations

import contextlib
import re
import signal
import threading

import pytest

from podd.errors import TimedOutError
from podd.runtime.processor_time import within


def _for_ever() -> None:
    while True:
        pass


def _backtracking() -> None:
    re.search("^(a+)+$", "a" * 60 + "b")


def _swallowing() -> None:
    while True:
        # As a careless library would.
        with contextlib.suppress(Exception):
            _for_ever()


@pytest.mark.parametrize("work", [_for_ever, _backtracking, _swallowing])
def test_what_never_ends_is_ended(work) -> None:
    with pytest.raises(TimedOutError) as caught:
        within(0.05, "it", work)
    assert (caught.value.what, caught.value.seconds) == ("it", 0.05)


def test_what_ends_brings_its_result_or_its_error() -> None:
    assert within(5, "it", lambda: 7) == 7
    with pytest.raises(KeyError):
        within(5, "it", lambda: {}["x"])


def test_nothing_is_left_behind() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    within(0.05, "it", lambda: None)
    with pytest.raises(TimedOutError):
        within(0.05, "it", _for_ever)
    assert signal.getsignal(signal.SIGVTALRM) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)


def test_outside_the_main_thread_work_is_done_all_the_same() -> None:
    found = []
    thread = threading.Thread(target=lambda: found.append(within(5, "it", lambda: 7)))
    thread.start()
    thread.join()
    assert found == [7]
