"""Whole runs, entry by entry and effect by effect.

The first part writes out traces that must never change without a thought. The second
holds what turn loops are known to get wrong.
"""

from __future__ import annotations

import pytest

from podd.core.pod.fold import fold
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd_protocol.values import Completed, Failed, Limited
from tests.core.turn.host import (
    CANCEL,
    DRAIN,
    NOW,
    OTHER,
    OVER,
    RENDERED,
    RESTORED,
    Host,
    at_most,
    call,
    finished,
    kinds,
    queued,
    request,
    run,
    steered,
)
from tests.core.turn.situations import answered


def _trace(host: Host, *facts) -> list[tuple[list[str], list[f.Effect]]]:
    """What each fact leads to. A tuple of parts is an answer of the model."""
    found = []
    for fact in facts:
        heard = host.answers(*fact) if isinstance(fact, tuple) else host.tell(fact)
        found.append((heard.kinds, heard.effects))
    return found


def test_trace_of_a_chat():
    assert _trace(Host(), RESTORED, RENDERED, queued("hello"), ("Hello.",)) == [
        (["pod_started"], []),
        (["surface_set"], []),
        (["input_accepted", "turn_started", "step_started"], [request(1)]),
        (["model_responded", "turn_ended"], []),
    ]


def test_trace_of_a_turn_with_tools():
    calls = (call("read_file"), call("write_file"))
    facts = (queued("work"), calls, finished("t1.1.2"), finished("t1.1.1"), ("Done.",))

    assert _trace(Host.after(), *facts) == [
        (["input_accepted", "turn_started", "step_started"], [request(1)]),
        (
            ["model_responded", "tool_started", "tool_started"],
            [run("t1.1.1"), run("t1.1.2", "write_file")],
        ),
        (["tool_result"], []),
        (["tool_result", "step_started"], [request(2)]),
        (["model_responded", "turn_ended"], []),
    ]


def test_trace_of_a_new_surface_between_two_steps():
    host = Host.after(queued("work"))

    assert _trace(host, (call("read_file"),), OTHER, finished("t1.1.1")) == [
        (["model_responded", "tool_started"], [run("t1.1.1")]),
        (["surface_set"], []),
        (["tool_result", "step_started"], [request(2)]),
    ]
    assert host.entries[-1].model == "other"
    assert host.entries[-1].request == host.state.request_digest(offer_tools=True)


def test_trace_of_a_turn_that_a_late_input_keeps_alive():
    assert _trace(
        Host.after(queued("work")), steered("also"), ("Done.",), ("OK.",)
    ) == [
        (["input_accepted"], []),
        (["model_responded", "causes_taken", "step_started"], [request(2)]),
        (["model_responded", "turn_ended"], []),
    ]


def test_trace_of_the_last_step_that_a_limit_grants():
    settings = at_most(1)
    host = Host.after(queued("work"), settings=settings)
    facts = ((call("read_file"),), finished("t1.1.1"), steered("also"), ("So far.",))

    assert _trace(host, *facts) == [
        (["model_responded", "tool_started"], [run("t1.1.1")]),
        (
            ["tool_result", "limit_reached", "step_started"],
            [request(2, offer_tools=False)],
        ),
        (["input_accepted"], []),
        (
            ["model_responded", "turn_ended", "turn_started", "step_started"],
            [request(1, turn="t2")],
        ),
    ]
    assert host.state.last_outcome == Limited(limit="steps")


def test_trace_of_an_answer_cut_by_a_filter():
    """Promise 9: it is not completed."""
    host = Host.after(queued("work"))
    heard = host.answers("As I", stop_reason="content_filter")

    assert (heard.kinds, heard.effects) == (["model_responded", "turn_ended"], [])


def test_trace_of_a_failed_request():
    heard = Host.after(queued("work")).fails("overloaded")

    assert (heard.kinds, heard.effects) == (["step_failed", "turn_ended"], [])
    assert heard.entries[-1].usage.requests == 0


def test_trace_of_a_crash_while_tools_ran():
    host = Host.after(queued("work"))
    host.answers(call("read_file"), call("read_file"))

    assert _trace(host.crash(), RESTORED) == [
        (["pod_started"], [run("t1.1.1"), run("t1.1.2")])
    ]


def test_trace_of_a_crash_between_the_answer_and_the_calls():
    host = Host.after(queued("work"))
    answered(host, call("read_file"), call("write_file"))

    assert _trace(host.crash(), RESTORED) == [
        (
            ["pod_started", "tool_started", "tool_started"],
            [run("t1.1.1"), run("t1.1.2", "write_file")],
        )
    ]


# What turn loops get wrong


def test_a_stale_answer_after_a_restore_does_not_make_the_turn_hang():
    host = Host.after(queued("work")).crash()
    host.tell(RESTORED)
    stale = host.tell(
        i.ModelFailed(turn="t1", step=1, attempt=1, fault="cut", message="late")
    )

    assert stale.decision.verdict == "stale"
    assert host.answers("Done.").kinds == ["model_responded", "turn_ended"]


def test_an_answer_with_nothing_to_do_ends_its_turn_as_an_error():
    """Promise 9: it is not completed."""
    host = Host.after(queued("work"))
    host.answers()

    assert host.state.last_outcome == Failed(
        code="empty_response", message=host.state.last_outcome.message
    )


@pytest.mark.parametrize("twice", [CANCEL, NOW, OVER])
def test_an_end_asked_for_twice_is_one_end(twice):
    host = Host.after(queued("work"))
    host.tell(DRAIN)
    host.tell(twice)
    ended = list(host.entries)

    assert host.tell(twice).entries == []
    assert host.entries == ended
    assert kinds(ended).count("session_closed") == 1


def test_nothing_is_begun_after_the_end_was_decided():
    host = Host.after(queued("work"))
    host.decide(DRAIN)
    heard = host.tell(NOW)

    assert heard.effects == [f.CancelModel(), f.EndPod(mode="now")]
    assert host.tell(i.Proceeded()).effects == []


def test_the_answer_with_the_calls_is_in_the_journal_before_they_begin():
    host = Host.after(queued("work"))
    move = host.answers(call("read_file"))

    assert move.kinds.index("model_responded") < move.kinds.index("tool_started")
    assert move.effects == [run("t1.1.1")]


def test_results_are_matched_to_calls_by_name_and_not_by_order():
    host = Host.after(queued("work"))
    host.answers(call("read_file"), call("write_file"))
    host.tell(finished("t1.1.2", output="second"))
    host.tell(finished("t1.1.1", output="first"))

    results = {item.call: item.text for item in host.state.conversation[-2:]}
    assert results == {
        "t1.1.1": "t1.1.1 done\nfirst",
        "t1.1.2": "t1.1.2 done\nsecond",
    }


def test_broken_arguments_stay_as_they_came_and_are_not_taken_for_none():
    host = Host.after(queued("work"))
    heard = host.answers(call("write_file", '{"path": "a'))

    assert heard.entries[0].parts[0].arguments == '{"path": "a'
    assert heard.entries[1].status == "error"


def test_a_tool_that_says_nothing_still_has_one_result():
    """Promise 3."""
    host = Host.after(queued("work"))
    host.answers(call("read_file"))
    host.tell(i.ToolFinished(call="t1.1.1", status="ok", summary=""))

    assert host.texts()[-1] == "t1.1.1: ok"


def test_calls_that_one_provider_names_alike_each_get_their_own_result():
    host = Host.after(queued("work"))
    host.answers(
        call("read_file", provider_call="same"), call("read_file", provider_call="same")
    )
    host.tell(finished("t1.1.2"))
    heard = host.tell(finished("t1.1.1"))

    assert heard.kinds == ["tool_result", "step_started"]
    assert host.texts()[-2:] == ["t1.1.1: ok", "t1.1.2: ok"]


def test_the_same_late_input_does_not_keep_a_turn_alive_twice():
    host = Host.after(queued("work"))
    host.tell(steered("also", key="k"))
    host.answers("Done.")
    host.tell(steered("also", key="k"))

    assert host.answers("Really.").kinds == ["model_responded", "turn_ended"]


def test_what_a_cut_answer_said_is_kept():
    host = Host.after(queued("work"))
    host.answers("As I was", stop_reason="output_limit")

    assert host.texts()[-1] == "model: As I was"


def test_notices_and_late_inputs_are_in_the_journal_like_everything_the_model_sees():
    settings = at_most(1)
    host = Host.after(queued("work"), settings=settings)
    host.tell(steered("also"))
    host.answers("Done.")

    assert fold(host.entries).conversation == host.state.conversation
    assert host.texts()[-2:] == ["user: also", "notice: steps: 1, hand over"]


def test_names_are_never_used_again():
    host = Host.after()
    for _ in range(3):
        host.tell(queued("work"))
        host.answers(call("read_file"))
        host.tell(CANCEL)
        host = host.crash()
        host.tell(RESTORED)
    turns = [en.turn for en in host.entries if kinds([en]) == ["turn_started"]]
    calls = [en.call for en in host.entries if kinds([en]) == ["tool_started"]]

    assert turns == ["t1", "t2", "t3"]
    assert calls == ["t1.1.1", "t2.1.1", "t3.1.1"]


def test_another_surface_survives_a_crash_right_behind_it():
    """Promise 11, over a restore."""
    host = Host.after(OTHER).crash()
    host.tell(RESTORED)

    assert host.tell(queued("work")).entries[-1].model == "other"


def test_usage_is_summed_once_and_an_unanswered_attempt_adds_none():
    host = Host.after(queued("work"))
    host.answers(call("read_file"))
    host.tell(finished("t1.1.1"))
    restored = host.crash()
    restored.tell(RESTORED)
    ended = restored.answers("Done.").entries[-1]

    assert ended.usage.requests == 2
    assert ended.usage.cost_usd == 1.0
    assert restored.state.usage == ended.usage


def test_a_cancelled_request_is_cancelled_and_no_failure_of_the_provider():
    host = Host.after(queued("work"))
    heard = host.tell(CANCEL)

    assert heard.entries[-1].outcome.by == "user"
    assert (
        host.tell(
            i.ModelFailed(turn="t1", step=1, attempt=1, fault="cut", message="")
        ).entries
        == []
    )


def test_a_limit_still_gives_the_model_a_last_word():
    settings = at_most(1)
    host = Host.after(queued("work"), settings=settings)
    host.answers(call("read_file"))
    host.tell(finished("t1.1.1"))
    ended = host.answers("Half done.").entries[-1]

    assert (ended.outcome, ended.text) == (Limited(limit="steps"), "Half done.")


def test_a_late_input_is_in_the_conversation_for_good():
    host = Host.after(queued("work"))
    host.tell(steered("also"))
    host.answers("Done.")
    host.answers("OK.")
    restored = host.crash()

    assert "user: also" in restored.texts()
    assert restored.state.last_outcome == Completed()
