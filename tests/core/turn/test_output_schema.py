"""The value of a turn: checked where it would end it, and mended within limits."""

from __future__ import annotations

import msgspec
import pytest

from podd_protocol.values import Cancelled, Completed, Failed, Limited
from tests.core.turn.host import (
    CANCEL,
    CODING,
    RESTORED,
    SETTINGS,
    Host,
    block,
    call,
    code_over,
    finished,
    queued,
    steered,
    wants_object,
)

CHATTING = msgspec.structs.replace(SETTINGS, output_problem=wants_object, max_steps=9)
CODE = msgspec.structs.replace(CODING, output_problem=wants_object, max_steps=9)


def _chat(settings=CHATTING) -> Host:
    return Host.after(queued("work"), settings=settings)


@pytest.mark.parametrize(
    "text",
    [
        '{"n":7}',
        '\n {"n": 7} \n',
        '```json\n{"n":7}\n```',
        '```\n{"n":7}\n```\n',
        '````JSON\n{"n":7}\n````',
    ],
)
def test_json_alone_is_the_value_fenced_or_not(text):
    host = _chat()

    ended = host.answers(text).entries[-1]

    assert (ended.outcome, ended.value, ended.text) == (Completed(), {"n": 7}, text)


@pytest.mark.parametrize(
    "text",
    [
        "Seven.",
        '{"n":7} is it.',
        'Here:\n```json\n{"n":7}\n```',
        '```json\n{"n":7}\n```\nThere.',
        "{'n': 7}",
        "NaN",
        "[" * 100_000,
        "[1]",
        "null",
    ],
)
def test_what_is_no_such_value_is_told_to_the_model_and_mended(text):
    host = _chat()

    heard = host.answers(text)

    assert heard.kinds == ["model_responded", "answer_refused", "step_started"]
    refused = heard.entries[1]
    assert refused.problem
    assert refused.notice == f"refused: {refused.problem}; 1 left"
    assert host.texts()[-1] == f"notice: {refused.notice}"
    assert host.answers('{"n":7}').entries[-1].value == {"n": 7}


def test_mending_is_bounded_and_says_how_the_last_try_was_wrong():
    host = _chat()
    host.answers("One.")
    assert host.answers("[2]").entries[1].notice.endswith("; 0 left")

    heard = host.answers("[3]")

    assert heard.kinds == ["model_responded", "turn_ended"]
    assert host.state.last_outcome == Failed(
        code="output_schema",
        message="after 3 tries there is no value of the output schema: it is no object",
    )
    assert heard.entries[-1].value is None


def test_without_repairs_the_first_wrong_answer_is_the_end():
    host = _chat(msgspec.structs.replace(CHATTING, max_repairs=0))

    assert host.answers("One.").kinds == ["model_responded", "turn_ended"]
    assert host.state.last_outcome.message.startswith("after one try there is no value")


def test_tries_are_counted_over_work_and_restores_and_anew_in_each_turn():
    host = _chat()
    host.answers("One.")
    host.answers(call("read_file"))
    host.tell(finished("t1.2.1"))
    host = host.crash()
    host.tell(RESTORED)
    host.answers("Two.")
    host.answers("Three.")
    assert host.state.last_outcome.code == "output_schema"

    host.tell(queued("again"))

    assert host.answers("One.").kinds[1] == "answer_refused"


def test_what_is_said_along_with_calls_is_never_checked():
    host = _chat()

    heard = host.answers("I look.", call("read_file"))

    assert heard.kinds == ["model_responded", "tool_started"]
    assert "answer_refused" not in host.tell(finished("t1.1.1")).kinds


def test_what_a_late_input_supersedes_is_not_checked():
    """The answer after it is the one that ends the turn."""
    host = _chat()
    host.tell(steered("also"))

    assert host.answers("Done.").kinds == [
        "model_responded",
        "causes_taken",
        "step_started",
    ]
    assert host.answers('{"n":7}').entries[-1].value == {"n": 7}


def test_the_last_step_is_not_checked():
    """It is to hand over, in whatever words."""
    host = _chat(msgspec.structs.replace(CHATTING, max_steps=1))
    host.answers(call("read_file"))
    host.tell(finished("t1.1.1"))

    ended = host.answers("Half of it is done.").entries[-1]

    assert (ended.outcome, ended.value) == (Limited(limit="steps"), None)


def test_a_turn_can_be_cancelled_while_it_is_mended():
    host = _chat()
    host.answers("One.")
    host.tell(CANCEL)

    assert isinstance(host.state.last_outcome, Cancelled)


def test_prose_of_a_model_that_is_to_submit_is_no_end():
    host = Host.after(queued("work"), settings=CODE)

    heard = host.answers("Seven.")

    assert heard.kinds == ["model_responded", "answer_refused", "step_started"]
    assert "submit(value)" in heard.entries[1].problem


def test_what_code_submits_is_checked_and_mended():
    host = Host.after(queued("work"), settings=CODE)
    host.answers(block("submit(7)"))

    heard = host.tell(code_over(submitted=True, value=7))

    assert heard.kinds == ["code_ended", "answer_refused", "step_started"]
    host.answers(block("submit({})"))
    ended = host.tell(code_over(2, submitted=True, value={})).entries[-1]
    assert (ended.outcome, ended.value) == (Completed(), {})


def test_without_a_schema_anything_may_be_submitted_also_nothing():
    host = Host.after(queued("work"), settings=CODING)
    host.answers(block("submit(None)"))

    ended = host.tell(code_over(submitted=True, value=None)).entries[-1]

    assert (ended.outcome, ended.value) == (Completed(), None)
