"""A line of a pod's log, for people."""

import pytest

from podd.cli.logline import readable


def test_time_level_and_event_come_first_and_the_writer_is_left_out() -> None:
    line = (
        '{"at":"2026-11-20T10:00:00.000Z","level":"info","pod":"demo","session":"s",'
        '"pid":7,"origin":"new","n":5,"event":"started"}'
    )

    assert readable(line) == "2026-11-20T10:00:00.000Z info started origin=new n=5"


@pytest.mark.parametrize("line", ["", "Traceback", "[1]", '{"a": 1}', '{"at":'])
def test_what_is_no_line_of_ours_stays_as_it_is(line: str) -> None:
    assert readable(line) == line
