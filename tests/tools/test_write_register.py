"""Who writes where is known to whoever waits, from any thread."""

import threading

import pytest

from podd.tools.write_register import WriteRegister

LIMIT = 5


def _admit():
    pass


def test_who_writes_below_a_root_is_named_and_others_are_not():
    register = WriteRegister()

    with (
        register.write("/w/src/a", "one", _admit),
        register.write("/w/src", "two", _admit),
        register.write("/w/srcs/a", "three", _admit),
        register.write("/w", "four", _admit),
    ):
        assert register.wait_until_quiet(["/w/src"], 0) == ("one", "two")
        assert register.wait_until_quiet(["/w/no", "/w/srcs"], 0) == ("three",)
        assert register.wait_until_quiet(["/"], 0) == ("one", "two", "three", "four")
        assert register.wait_until_quiet([], 0) == ()

    assert register.wait_until_quiet(["/"], 0) == ()


def test_the_same_path_written_twice_is_quiet_when_both_have_ended():
    register = WriteRegister()

    with register.write("/w/a", "one", _admit):
        with register.write("/w/a", "one", _admit):
            pass
        assert register.wait_until_quiet(["/w"], 0) == ("one",)


def test_who_is_not_admitted_is_not_entered():
    register = WriteRegister()

    def refuse():
        raise PermissionError

    with pytest.raises(PermissionError), register.write("/w/a", "one", refuse):
        raise AssertionError("it may not be")

    assert register.wait_until_quiet(["/w"], 0) == ()


def test_a_write_that_fails_is_over():
    register = WriteRegister()

    with pytest.raises(OSError, match="full"), register.write("/w/a", "one", _admit):
        raise OSError("full")

    assert register.wait_until_quiet(["/w"], 0) == ()


def test_whoever_waits_goes_on_when_the_last_has_ended():
    register = WriteRegister()
    entered = threading.Barrier(3)
    ends = [threading.Event(), threading.Event()]
    found = []

    def write(end):
        with register.write("/w/a", "one", _admit):
            entered.wait(LIMIT)
            end.wait(LIMIT)

    def wait():
        found.append(register.wait_until_quiet(["/w"], LIMIT))

    writers = [threading.Thread(target=write, args=[end]) for end in ends]
    for thread in writers:
        thread.start()
    entered.wait(LIMIT)
    waiter = threading.Thread(target=wait)
    waiter.start()
    ends[0].set()
    writers[0].join(LIMIT)
    assert found == []
    ends[1].set()
    for thread in (*writers, waiter):
        thread.join(LIMIT)

    assert found == [()]


def test_nobody_begins_while_a_change_is_made():
    register = WriteRegister()
    asked, changed = threading.Event(), threading.Event()
    order = []

    def admit():
        order.append("admitted")

    def begin():
        asked.set()
        with register.write("/w/a", "one", admit):
            changed.set()

    beginner = threading.Thread(target=begin)

    def change():
        beginner.start()
        asked.wait(LIMIT)
        assert not changed.wait(0.05)
        order.append("changed")

    register.between(change)
    beginner.join(LIMIT)

    assert order == ["changed", "admitted"]
