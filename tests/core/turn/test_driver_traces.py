"""Whole runs of code, of values and of broken answers, entry by entry."""

from __future__ import annotations

import msgspec

from podd.core.turn import effects as f
from podd_protocol.values import Completed
from tests.core.turn.host import (
    CODING,
    RESTORED,
    SETTINGS,
    Host,
    block,
    code_called,
    code_over,
    finished,
    queued,
    request,
    run,
    wants_object,
)


def _code(step: int = 1) -> f.RunCode:
    return f.RunCode(turn="t1", step=step, code="look()\n")


def _trace(host: Host, *facts) -> list[tuple[list[str], list[f.Effect]]]:
    """What each fact leads to. A text is an answer of the model."""
    found = []
    for fact in facts:
        heard = host.answers(fact) if isinstance(fact, str) else host.tell(fact)
        found.append((heard.kinds, heard.effects))
    return found


def _asked(step: int) -> f.RequestModel:
    return request(step, offer_tools=False)


def test_trace_of_code_that_calls_a_tool_and_submits():
    host = Host.after(settings=CODING)
    facts = (
        queued("work"),
        block(),
        code_called(),
        finished("t1.1.1"),
        code_over(output="42\n"),
        block(),
        code_over(step=2, submitted=True, value=42),
    )

    assert _trace(host, *facts) == [
        (["input_accepted", "turn_started", "step_started"], [_asked(1)]),
        (["model_responded", "code_started"], [_code()]),
        (["tool_called", "tool_started"], [run("t1.1.1")]),
        (["tool_result"], []),
        (["code_ended", "step_started"], [_asked(2)]),
        (["model_responded", "code_started"], [_code(2)]),
        (["code_ended", "turn_ended"], []),
    ]
    assert host.entries[-1].value == 42


def test_trace_of_a_crash_while_code_ran():
    host = Host.after(queued("work"), settings=CODING)
    host.answers(block())
    host.tell(code_called(name="write_file"))

    lived = host.crash()

    heard = lived.tell(RESTORED)
    assert heard.kinds == ["pod_started", "tool_result", "code_ended", "step_started"]
    assert [heard.entries[n].status for n in (1, 2)] == ["unknown", "unknown"]
    assert heard.effects == [_asked(2)]


def test_trace_of_a_value_that_is_mended():
    settings = msgspec.structs.replace(SETTINGS, output_problem=wants_object)

    assert _trace(
        Host.after(settings=settings), queued("work"), "Seven.", '{"n": 7}'
    ) == [
        (["input_accepted", "turn_started", "step_started"], [request(1)]),
        (["model_responded", "answer_refused", "step_started"], [request(2)]),
        (["model_responded", "turn_ended"], []),
    ]


def test_trace_of_an_answer_that_breaks_off_and_is_asked_for_again():
    host = Host.after(queued("work"))

    heard = host.fails("cut", partial="As I", began=True)

    assert heard.kinds == ["step_failed", "step_started"]
    again = msgspec.structs.replace(
        request(1, attempt=2), delay_seconds=0.5, reason="cut"
    )
    assert heard.effects == [again]
    assert host.answers("As I said.").kinds == ["model_responded", "turn_ended"]
    assert host.state.last_outcome == Completed()
    assert "As I" not in host.texts()
