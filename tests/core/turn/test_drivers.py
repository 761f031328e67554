"""A driver that breaks its contract ends the turn as failed, and harms no more."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.turn.drivers.chat import Chat
from podd.core.turn.drivers.code import Code
from podd.core.turn.drivers.contract import Finish, GoOn, Repair, RunCode
from podd.core.turn.drivers.registry import DRIVERS
from podd_protocol.values import Completed, Failed, Limited
from tests.core.turn.host import (
    RESTORED,
    SETTINGS,
    Host,
    call,
    code_over,
    finished,
    queued,
    wants_object,
)


class Scripted:
    """Says what it is told to, whatever it is asked."""

    def __init__(self, answered=None, worked=None, *, offers_tools: bool = True):
        self.name = "chat"
        self.offers_tools = offers_tools
        self._answered, self._worked = answered, worked
        self.asked = 0

    def answered(self, turn, *, wants_value):
        self.asked += 1
        return _said(self._answered)

    def worked(self, turn):
        self.asked += 1
        return _said(self._worked)


def _said(what):
    if isinstance(what, Exception):
        raise what
    return what


def _settings(driver, **more):
    return msgspec.structs.replace(SETTINGS, driver=driver, **more)


def _working(driver, **more) -> Host:
    return Host.after(queued("work"), settings=_settings(driver, **more))


BROKEN_AFTER_AN_ANSWER = [
    pytest.param(Scripted(said, offers_tools=tools), id=name)
    for name, said, tools in (
        ("nothing", None, True),
        ("a word", "finish", True),
        ("raises", ZeroDivisionError("a bug"), True),
        ("goes on", GoOn(), True),
        ("code without an interpreter", RunCode("x"), True),
        ("no code", RunCode(" \n"), False),
        ("code that is no text", RunCode(None), False),
        ("a problem that is no text", Repair(None), True),
        ("a value that JSON cannot hold", Finish(object()), True),
        ("the class instead of one", Finish, True),
    )
]
BROKEN_AFTER_WORK = [
    pytest.param(Scripted(worked=said), id=name)
    for name, said in (
        ("nothing", None),
        ("raises", RuntimeError("a bug")),
        ("repairs what is no answer", Repair("no")),
        ("code of no answer", RunCode("x")),
        ("a value that JSON cannot hold", Finish({1j})),
    )
]


@pytest.mark.parametrize("driver", BROKEN_AFTER_AN_ANSWER)
def test_what_does_not_fit_an_answer_is_a_failure_of_the_turn(driver):
    host = _working(driver)

    heard = host.answers("Done.")

    assert heard.kinds == ["model_responded", "turn_ended"]
    assert heard.effects == []
    _check_failure(host)


@pytest.mark.parametrize("driver", BROKEN_AFTER_WORK)
def test_what_does_not_fit_the_end_of_work_is_a_failure_of_the_turn(driver):
    host = _working(driver)
    host.answers(call("read_file"))

    heard = host.tell(finished("t1.1.1"))

    assert heard.kinds == ["tool_result", "turn_ended"]
    assert heard.effects == []
    _check_failure(host)


def _check_failure(host: Host) -> None:
    outcome = host.state.last_outcome
    assert isinstance(outcome, Failed)
    assert outcome.code == "driver"
    assert outcome.message.startswith("the driver 'chat' ")
    assert host.crash().tell(RESTORED).kinds == ["pod_started"]
    assert host.tell(queued("next")).kinds[-1] == "step_started"


def test_a_driver_that_is_never_content_runs_into_the_limits():
    """It can neither spin nor stall."""
    host = _working(Scripted(Repair("never right")))
    host.answers("One.")
    host.answers("Two.")

    heard = host.answers("Three.")

    assert heard.kinds == ["model_responded", "turn_ended"]
    assert host.state.last_outcome.code == "output_schema"
    assert host.state.last_outcome.message.startswith("after 3 tries")


def test_a_driver_that_runs_code_for_ever_runs_into_the_limit_on_steps():
    host = _working(Scripted(RunCode("x"), GoOn(), offers_tools=False), max_steps=2)
    for step in (1, 2):
        host.answers("Code.")
        host.tell(code_over(step))

    assert host.answers("So far.").kinds == ["model_responded", "turn_ended"]
    assert host.state.last_outcome == Limited(limit="steps")


def test_a_driver_may_finish_after_work():
    host = _working(Scripted(worked=Finish({"n": 1})), output_problem=wants_object)
    host.answers(call("read_file"))

    heard = host.tell(finished("t1.1.1"))

    assert heard.kinds == ["tool_result", "turn_ended"]
    assert (heard.entries[-1].outcome, heard.entries[-1].value) == (
        Completed(),
        {"n": 1},
    )


def test_a_driver_is_not_asked_about_answers_that_end_the_turn_anyhow():
    for reason in ("output_limit", "content_filter", "context_overflow"):
        driver = Scripted(Finish())
        _working(driver).answers("As I", stop_reason=reason)
        assert driver.asked == 0
    driver = Scripted(Finish())
    _working(driver).answers("")
    assert driver.asked == 0


def test_every_driver_of_a_manifest_has_its_own_name():
    assert {name: type(driver) for name, driver in DRIVERS.items()} == {
        "chat": Chat,
        "code": Code,
    }
    assert all(driver.name == name for name, driver in DRIVERS.items())
