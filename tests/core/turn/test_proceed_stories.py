"""What follows by itself within a turn: exact entries and exact effects."""

from __future__ import annotations

import pytest

from podd.core.context.conversation import ReasoningPart
from podd.core.turn import effects as f
from podd_protocol.values import Completed, Failed, Limited
from tests.core.turn.host import (
    CANCEL,
    CONFIGURED,
    DRAIN,
    OTHER,
    RENDERED,
    RESTORED,
    SURFACE,
    USAGE,
    Host,
    asking,
    call,
    calling,
    finished,
    queued,
    request,
    run,
    told,
)

TURN_BEGINS = ["input_accepted", "turn_started", "step_started"]


def _outcome(host: Host):
    assert host.state.turn is None
    return host.state.last_outcome


# A chat


def test_a_chat_turn_is_a_request_and_an_end():
    host = Host.after()

    asked = host.tell(queued("hello"))
    said = host.answers("Hello.")

    assert asked.kinds == TURN_BEGINS
    assert asked.effects == [request(1)]
    assert said.kinds == ["model_responded", "turn_ended"]
    assert said.effects == []
    ended = said.entries[-1]
    assert (ended.outcome, ended.text, ended.usage) == (Completed(), "Hello.", USAGE)
    assert host.texts() == ["user: hello", "model: Hello."]


def test_a_step_names_the_digest_of_the_request_that_it_sends():
    host = Host.after()

    step = host.tell(queued("hello")).entries[-1]

    assert step.request == host.state.request_digest(offer_tools=True)
    assert step.request != host.state.request_digest(offer_tools=False)
    assert step.model == "m"


def test_the_text_of_a_turn_is_that_of_its_last_answer_alone():
    host = asking()
    host.answers("First I look.", call("read_file"))
    host.tell(finished("t1.1.1"))

    ended = host.answers("Para one.", "Para two.").entries[-1]

    assert ended.text == "Para one.\n\nPara two."
    assert ended.usage.requests == 2


# Tools


def test_calls_of_one_answer_are_all_begun_at_once_and_each_is_announced():
    host = asking()

    heard = host.answers(call("read_file", '{"a":1}'), call("write_file"))

    assert heard.kinds == ["model_responded", "tool_started", "tool_started"]
    assert heard.effects == [
        run("t1.1.1", arguments='{"a":1}'),
        run("t1.1.2", "write_file"),
    ]
    assert [entry.repeatable for entry in heard.entries[1:]] == [True, False]


def test_the_next_step_waits_for_every_call_in_whatever_order_they_end():
    host = calling("read_file", "write_file", "read_file")

    assert host.tell(finished("t1.1.3")).kinds == ["tool_result"]
    assert host.tell(finished("t1.1.1")).kinds == ["tool_result"]
    last = host.tell(finished("t1.1.2", "error"))

    assert last.kinds == ["tool_result", "step_started"]
    assert last.effects == [request(2)]
    assert host.texts()[-3:] == ["t1.1.1: ok", "t1.1.2: error", "t1.1.3: ok"]


def test_a_result_reads_as_its_summary_and_then_its_output():
    host = calling()
    host.tell(finished("t1.1.1", output="line"))

    assert host.state.conversation[-1].text == "t1.1.1 done\nline"


def test_results_name_the_call_as_its_provider_does():
    host = asking()
    host.answers(call("read_file", provider_call="call_77"))
    host.tell(finished("t1.1.1"))

    assert host.state.conversation[-1].provider_call == "call_77"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("rm", "{}"),
        ("read_file", '{"path":'),
        ("read_file", "[]"),
        ("read_file", '"x"'),
        ("read_file", '{"a":' * 100_000),
        ("read_file", '{"a":' * 1_000 + "1" + "}" * 1_000),
    ],
    ids=["unknown", "cut", "list", "string", "endless", "deep"],
)
def test_a_call_that_cannot_be_run_is_answered_and_the_others_are_run(name, arguments):
    host = asking()

    heard = host.answers(call(name, arguments), call("read_file"))

    assert heard.kinds == ["model_responded", "tool_result", "tool_started"]
    assert (heard.entries[1].call, heard.entries[1].status) == ("t1.1.1", "error")
    assert heard.effects == [run("t1.1.2")]


def test_an_unknown_tool_is_answered_with_the_known_ones():
    host = asking()

    result = host.answers(call("rm")).entries[1]

    assert all(tool.name in result.summary for tool in SURFACE.tools)
    assert "'rm'" in result.summary


@pytest.mark.parametrize("arguments", ["", "  \n"])
def test_no_arguments_at_all_are_as_good_as_an_empty_object(arguments):
    assert asking().answers(call("read_file", arguments)).effects == [
        run("t1.1.1", arguments=arguments)
    ]


def test_a_step_none_of_whose_calls_can_be_run_is_followed_by_the_next():
    heard = asking().answers(call("rm"), call("read_file", "{"))

    assert heard.kinds == [
        "model_responded",
        "tool_result",
        "tool_result",
        "step_started",
    ]
    assert heard.effects == [request(2)]


# Ends that are no completion


def test_no_call_of_an_answer_cut_by_the_output_limit_is_run_and_the_turn_goes_on():
    heard = asking().answers(
        call("read_file"), call("write_file", '{"pa'), stop_reason="output_limit"
    )

    assert heard.kinds == [
        "model_responded",
        "tool_result",
        "tool_result",
        "step_started",
    ]
    assert [(r.status, r.summary) for r in heard.entries[1:3]] == [
        ("error", "cut off"),
        ("error", "cut off"),
    ]
    assert heard.effects == [request(2)]


@pytest.mark.parametrize(
    ("stop_reason", "outcome"),
    [
        ("output_limit", Limited(limit="output_tokens")),
        ("content_filter", "content_filter"),
        ("context_overflow", "context_overflow"),
    ],
)
def test_a_cut_answer_is_kept_and_ends_the_turn_as_what_it_is(stop_reason, outcome):
    host = asking()

    heard = host.answers("As I was", stop_reason=stop_reason)

    assert heard.kinds == ["model_responded", "turn_ended"]
    found = _outcome(host)
    assert outcome in {found, getattr(found, "code", None)}
    assert heard.entries[-1].text == "As I was"
    assert host.texts()[-1] == "model: As I was"


@pytest.mark.parametrize("stop_reason", ["content_filter", "context_overflow"])
def test_no_call_of_an_answer_that_was_cut_is_run_and_the_turn_fails(stop_reason):
    host = asking()

    heard = host.answers(call("write_file"), stop_reason=stop_reason)

    assert heard.kinds == ["model_responded", "tool_result", "turn_ended"]
    assert heard.entries[1].status == "error"
    assert heard.effects == []
    assert _outcome(host).code == stop_reason


@pytest.mark.parametrize("stop_reason", ["stop", "tool_use", "unknown"])
@pytest.mark.parametrize(
    "parts", [(), ("",), (" \n",), (ReasoningPart("Hm."),)], ids=len
)
def test_an_answer_that_says_nothing_is_never_a_completion(parts, stop_reason):
    host = asking()

    host.answers(*parts, stop_reason=stop_reason)

    assert isinstance(_outcome(host), Failed)
    assert _outcome(host).code == "empty_response"
    assert host.state.usage == USAGE


def test_an_answer_without_any_part_leaves_no_item_behind():
    host = asking()
    host.answers()

    assert host.texts() == ["user: work"]


@pytest.mark.parametrize("fault", ["empty_response", "auth", "cut", "internal"])
def test_a_failed_request_ends_the_turn_with_its_fault(fault):
    host = asking()

    heard = host.fails(fault)

    assert heard.kinds == ["step_failed", "turn_ended"]
    assert _outcome(host) == Failed(code=fault, message="no")


def test_the_next_input_is_taken_up_after_a_failed_turn():
    host = asking()
    host.tell(queued("next"))

    heard = host.fails()

    assert heard.kinds == ["step_failed", "turn_ended", "turn_started", "step_started"]
    assert heard.effects == [request(1, turn="t2")]


# Surface


def test_a_turn_starts_but_no_step_before_there_is_something_to_show():
    host = Host()
    host.tell(RESTORED)

    assert host.tell(queued("work")).kinds == ["input_accepted", "turn_started"]
    assert host.tell(told("rain", wake=True)).kinds == ["notification_accepted"]
    heard = host.tell(RENDERED)

    assert heard.kinds == ["surface_set", "step_started"]


def test_a_turn_that_has_nothing_to_show_yet_can_be_cancelled():
    host = Host()
    host.tell(RESTORED)
    host.tell(queued("work"))

    assert host.tell(CANCEL).kinds == ["turn_ended"]


def test_a_pod_without_a_surface_drains_all_the_same():
    host = Host()
    host.tell(RESTORED)
    host.tell(queued("work"))

    assert host.tell(DRAIN).kinds == ["stop_requested", "session_closed"]
    assert host.entries[-1].open_turn == "t1"


def test_a_configured_surface_stands_with_its_manifest_and_counts_from_the_next_step():
    host = calling()

    heard = host.tell(CONFIGURED)
    step = host.tell(finished("t1.1.1")).entries[-1]

    assert heard.kinds == ["surface_set"]
    assert heard.entries[0].cause == "configured"
    assert host.state.manifest == {"pod": {"name": "new"}}
    assert step.model == "other"


def test_a_request_of_a_surface_that_was_is_no_alert_after_a_crash():
    host = Host.after(queued("work"))
    host.tell(CONFIGURED)

    heard = host.crash().tell(RESTORED)

    assert not [x for x in heard.effects if isinstance(x, f.RaiseAlert)]
    assert heard.entries[-1].model == "other"
    assert heard.entries[-1].attempt == 2


def test_another_surface_counts_from_the_next_step_on():
    host = calling()

    assert host.tell(OTHER).kinds == ["surface_set"]
    step = host.tell(finished("t1.1.1")).entries[-1]

    assert step.model == "other"
    assert host.answers(call("read_file")).entries[1].status == "error"
