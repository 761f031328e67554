"""What follows by itself, in small stories: exact entries and exact effects."""

from __future__ import annotations

import pytest

from podd.core.context.conversation import ReasoningPart
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.states import MachineState, machine_state
from podd_protocol.values import Cancelled, Completed, Failed, Limited
from tests.core.turn.host import (
    CANCEL,
    DRAIN,
    NOW,
    OTHER,
    OVER,
    PAUSE,
    RENDERED,
    RESTORED,
    RESUME,
    SETTINGS,
    SURFACE,
    USAGE,
    Host,
    at_most,
    call,
    finished,
    queued,
    request,
    run,
    steered,
    told,
)
from tests.core.turn.situations import answered

END = f.EndPod(mode="drain")
TURN_BEGINS = ["input_accepted", "turn_started", "step_started"]


def _asking() -> Host:
    return Host.after(queued("work"))


def _calling(*names: str) -> Host:
    host = _asking()
    host.answers(*(call(name) for name in names or ("read_file",)))
    return host


def _in_last_step() -> Host:
    host = _asking()
    for step in range(1, SETTINGS.max_steps + 1):
        host.answers(call("read_file"))
        host.tell(finished(f"t1.{step}.1"))
    return host


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
    host = _asking()
    host.answers("First I look.", call("read_file"))
    host.tell(finished("t1.1.1"))

    ended = host.answers("Para one.", "Para two.").entries[-1]

    assert ended.text == "Para one.\n\nPara two."
    assert ended.usage.requests == 2


# Tools


def test_calls_of_one_answer_are_all_begun_at_once_and_each_is_announced():
    host = _asking()

    heard = host.answers(call("read_file", '{"a":1}'), call("write_file"))

    assert heard.kinds == ["model_responded", "tool_started", "tool_started"]
    assert heard.effects == [
        run("t1.1.1", arguments='{"a":1}'),
        run("t1.1.2", "write_file"),
    ]
    assert [entry.repeatable for entry in heard.entries[1:]] == [True, False]


def test_the_next_step_waits_for_every_call_in_whatever_order_they_end():
    host = _calling("read_file", "write_file", "read_file")

    assert host.tell(finished("t1.1.3")).kinds == ["tool_result"]
    assert host.tell(finished("t1.1.1")).kinds == ["tool_result"]
    last = host.tell(finished("t1.1.2", "error"))

    assert last.kinds == ["tool_result", "step_started"]
    assert last.effects == [request(2)]
    assert host.texts()[-3:] == ["t1.1.3: ok", "t1.1.1: ok", "t1.1.2: error"]


def test_a_result_reads_as_its_summary_and_then_its_output():
    host = _calling()
    host.tell(finished("t1.1.1", output="line"))

    assert host.state.conversation[-1].text == "t1.1.1 done\nline"


def test_results_name_the_call_as_its_provider_does():
    host = _asking()
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
    host = _asking()

    heard = host.answers(call(name, arguments), call("read_file"))

    assert heard.kinds == ["model_responded", "tool_result", "tool_started"]
    assert (heard.entries[1].call, heard.entries[1].status) == ("t1.1.1", "error")
    assert heard.effects == [run("t1.1.2")]


def test_an_unknown_tool_is_answered_with_the_known_ones():
    host = _asking()

    result = host.answers(call("rm")).entries[1]

    assert all(tool.name in result.summary for tool in SURFACE.tools)
    assert "'rm'" in result.summary


@pytest.mark.parametrize("arguments", ["", "  \n"])
def test_no_arguments_at_all_are_as_good_as_an_empty_object(arguments):
    assert _asking().answers(call("read_file", arguments)).effects == [
        run("t1.1.1", arguments=arguments)
    ]


def test_a_step_none_of_whose_calls_can_be_run_is_followed_by_the_next():
    heard = _asking().answers(call("rm"), call("read_file", "{"))

    assert heard.kinds == [
        "model_responded",
        "tool_result",
        "tool_result",
        "step_started",
    ]
    assert heard.effects == [request(2)]


# Ends that are no completion


def test_no_call_of_an_answer_cut_by_the_output_limit_is_run_and_the_turn_goes_on():
    heard = _asking().answers(
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
    host = _asking()

    heard = host.answers("As I was", stop_reason=stop_reason)

    assert heard.kinds == ["model_responded", "turn_ended"]
    found = _outcome(host)
    assert outcome in {found, getattr(found, "code", None)}
    assert heard.entries[-1].text == "As I was"
    assert host.texts()[-1] == "model: As I was"


@pytest.mark.parametrize("stop_reason", ["content_filter", "context_overflow"])
def test_no_call_of_an_answer_that_was_cut_is_run_and_the_turn_fails(stop_reason):
    host = _asking()

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
    host = _asking()

    host.answers(*parts, stop_reason=stop_reason)

    assert isinstance(_outcome(host), Failed)
    assert _outcome(host).code == "empty_response"
    assert host.state.usage == USAGE


def test_an_answer_without_any_part_leaves_no_item_behind():
    host = _asking()
    host.answers()

    assert host.texts() == ["user: work"]


@pytest.mark.parametrize("fault", ["empty_response", "auth", "cut", "internal"])
def test_a_failed_request_ends_the_turn_with_its_fault(fault):
    host = _asking()

    heard = host.fails(fault)

    assert heard.kinds == ["step_failed", "turn_ended"]
    assert _outcome(host) == Failed(code=fault, message="no")


def test_the_next_input_is_taken_up_after_a_failed_turn():
    host = _asking()
    host.tell(queued("next"))

    heard = host.fails()

    assert heard.kinds == ["step_failed", "turn_ended", "turn_started", "step_started"]
    assert heard.effects == [request(1, turn="t2")]


# The step limit


def test_at_the_step_limit_the_model_gets_one_more_step_without_tools():
    host = _asking()
    for step in (1, 2):
        host.answers(call("read_file"))
        host.tell(finished(f"t1.{step}.1"))
    host.answers(call("read_file"))

    heard = host.tell(finished("t1.3.1"))

    assert heard.kinds == ["tool_result", "limit_reached", "step_started"]
    assert heard.entries[-1].last
    assert heard.effects == [request(4, offer_tools=False)]
    assert host.texts()[-1] == "notice: steps: 3, hand over"


def test_the_last_step_ends_the_turn_as_limited_whatever_it_says():
    host = _in_last_step()
    heard = host.answers("So far: ...")

    assert heard.kinds == ["model_responded", "turn_ended"]
    assert _outcome(host) == Limited(limit="steps")
    assert heard.entries[-1].text == "So far: ..."

    silent = _in_last_step()
    silent.answers(ReasoningPart("Hm."))
    assert _outcome(silent) == Limited(limit="steps")


def test_calls_in_the_last_step_are_denied():
    host = _in_last_step()

    heard = host.answers("One more", call("read_file"), call("rm"))

    assert heard.kinds == [
        "model_responded",
        "tool_result",
        "tool_result",
        "turn_ended",
    ]
    assert {(r.status, r.summary) for r in heard.entries[1:3]} == {
        ("denied", "no tools left")
    }
    assert heard.effects == []
    assert _outcome(host) == Limited(limit="steps")


def test_a_failed_last_step_says_what_failed():
    host = _in_last_step()
    host.fails("overloaded")

    assert _outcome(host) == Failed(code="overloaded", message="no")


def test_a_last_step_that_a_crash_interrupted_is_the_last_step_again():
    host = _in_last_step().crash()

    heard = host.tell(RESTORED)

    assert heard.effects == [request(4, attempt=2, offer_tools=False)]
    assert heard.entries[-1].last


def test_each_turn_has_its_own_steps():
    host = _in_last_step()
    host.answers("So far.")

    assert host.tell(queued("go on")).effects == [request(1, turn="t2")]


def test_the_limit_counts_steps_that_late_inputs_asked_for():
    settings = at_most(1)
    host = Host.after(queued("work"), settings=settings)
    host.tell(steered("also"))

    heard = host.answers("Done.")

    assert heard.kinds == [
        "model_responded",
        "causes_taken",
        "limit_reached",
        "step_started",
    ]
    assert heard.effects == [request(2, offer_tools=False)]


# The queue


def test_queued_inputs_become_turns_of_their_own_in_order():
    host = Host.after(*map(queued, "abc"))

    first, second, third = (host.answers("ok") for _ in range(3))

    assert first.kinds == [
        "model_responded",
        "turn_ended",
        "turn_started",
        "step_started",
    ]
    assert first.effects == [request(1, turn="t2")]
    assert second.effects == [request(1, turn="t3")]
    assert third.kinds == ["model_responded", "turn_ended"]
    assert host.texts() == [
        *("user: a", "model: ok"),
        *("user: b", "model: ok"),
        *("user: c", "model: ok"),
    ]


# Steering


def test_steering_while_the_model_speaks_is_taken_in_before_completion():
    host = _asking()
    assert host.tell(steered("also")).kinds == ["input_accepted"]

    heard = host.answers("Done.")

    assert heard.kinds == ["model_responded", "causes_taken", "step_started"]
    assert heard.entries[1].checkpoint == "before_completion"
    assert heard.effects == [request(2)]
    assert host.texts() == ["user: work", "model: Done.", "user: also"]


def test_steering_while_tools_run_is_taken_in_after_work():
    host = _calling()
    assert host.tell(steered("also")).kinds == ["input_accepted"]

    heard = host.tell(finished("t1.1.1"))

    assert heard.kinds == ["tool_result", "causes_taken", "step_started"]
    assert heard.entries[1].checkpoint == "after_work"
    assert host.texts()[-2:] == ["t1.1.1: ok", "user: also"]


def test_steering_an_idle_pod_starts_a_turn():
    heard = Host.after().tell(steered("work"))

    assert heard.kinds == TURN_BEGINS
    assert heard.effects == [request(1)]


def test_steering_before_the_first_step_waits_for_the_checkpoint():
    host = Host.after()
    host.decide(queued("work"))
    host.decide(i.Proceeded())

    heard = host.tell(steered("also"))

    assert heard.kinds == ["input_accepted", "step_started"]
    assert host.texts() == ["user: work"]


@pytest.mark.parametrize("paused_in", [_asking, _calling], ids=["model", "tools"])
def test_steering_a_paused_turn_is_taken_in_when_it_goes_on(paused_in):
    host = paused_in()
    host.tell(PAUSE)
    assert host.tell(steered("also")).kinds == ["input_accepted"]
    host.tell(finished("t1.1.1"))
    host.tell(RESUME)
    if host.texts()[-1] != "user: also":
        host.answers("Done.")

    assert host.texts().count("user: also") == 1
    assert host.state.turn.turn == "t1"


@pytest.mark.parametrize("end", ["cancel", "fail", "last step", "output limit"])
def test_what_no_checkpoint_took_in_becomes_the_next_turn_before_the_queue(end):
    host = _in_last_step() if end == "last step" else _asking()
    host.tell(queued("queued"))
    host.tell(steered("also"))

    match end:
        case "cancel":
            heard = host.tell(CANCEL)
        case "fail":
            heard = host.fails()
        case "output limit":
            heard = host.answers("Do", stop_reason="output_limit")
        case _:
            heard = host.answers("So far.")

    assert heard.kinds[-3:] == ["turn_ended", "turn_started", "step_started"]
    assert heard.entries[-2].causes == ("c3",)
    assert heard.effects[-1] == request(1, turn="t3")
    assert host.answers("ok").effects == [request(1, turn="t2")]


def test_steering_that_a_closing_pod_did_not_take_in_waits_for_its_restore():
    host = _asking()
    host.tell(steered("also"))
    host.tell(DRAIN)
    assert host.answers("Done.").kinds[-2:] == ["turn_ended", "session_closed"]

    restored = host.crash()

    assert restored.tell(RESTORED).kinds == [
        "pod_started",
        "turn_started",
        "step_started",
    ]
    assert restored.texts()[-1] == "user: also"


# Notifications


def test_a_notification_that_wakes_starts_a_turn_in_an_idle_pod():
    heard = Host.after().tell(told("rain", wake=True))

    assert heard.kinds == ["notification_accepted", "turn_started", "step_started"]
    assert heard.effects == [request(1)]


def test_a_notification_that_does_not_wake_waits_for_the_next_turn():
    host = Host.after()

    assert host.tell(told("rain")).kinds == ["notification_accepted"]
    heard = host.tell(queued("work"))

    assert heard.entries[1].causes == ("c1", "c2")
    assert heard.entries[1].turn == "t2"
    assert host.texts() == ["notification: [user] rain", "user: work"]


def test_notifications_that_arrive_together_are_told_in_one_turn():
    host = Host.after()
    for fact in (told("a"), told("b", wake=True), told("c", wake=True)):
        host.decide(fact)

    heard = host.tell(told("d"))

    assert heard.kinds == ["notification_accepted", "turn_started", "step_started"]
    assert heard.entries[1].causes == ("c1", "c2", "c3", "c4")
    assert heard.entries[1].turn == "t1"


@pytest.mark.parametrize("wake", [True, False])
def test_a_notification_is_taken_in_by_the_turn_that_runs(wake):
    host = _calling()
    host.tell(told("rain", wake=wake))
    host.tell(told("hail", wake=wake))

    heard = host.tell(finished("t1.1.1"))

    assert heard.kinds == ["tool_result", "causes_taken", "step_started"]
    assert heard.entries[1].causes == ("c2", "c3")
    assert host.texts()[-2:] == [
        "notification: [user] rain",
        "notification: [user] hail",
    ]


def test_a_notification_before_completion_is_told_before_the_turn_ends():
    host = _asking()
    host.tell(told("rain"))

    assert host.answers("Done.").kinds == [
        "model_responded",
        "causes_taken",
        "step_started",
    ]


# Pause and resume


def test_a_paused_request_goes_out_again_as_a_higher_attempt():
    host = _asking()

    assert host.tell(PAUSE).kinds == ["step_failed", "turn_paused"]
    assert host.tell(i.Proceeded()).entries == []
    heard = host.tell(RESUME)

    assert heard.kinds == ["turn_resumed", "step_started"]
    assert heard.effects == [request(1, attempt=2)]


def test_a_turn_paused_while_tools_run_asks_nothing_until_it_is_resumed():
    host = _calling()
    assert host.tell(PAUSE).kinds == ["turn_paused"]
    assert host.tell(finished("t1.1.1")).kinds == ["tool_result"]
    assert machine_state(host.state) is MachineState.PAUSED

    assert host.tell(RESUME).effects == [request(2)]


def test_a_turn_resumed_while_tools_run_begins_none_of_them_twice():
    host = _calling("read_file", "write_file")
    host.tell(PAUSE)

    assert host.tell(RESUME).kinds == ["turn_resumed"]
    assert host.tell(RESUME).decision.refusal == "not_paused"


def test_calls_of_an_answer_that_was_paused_first_are_begun_when_it_goes_on():
    host = _asking()
    answered(host, call("read_file"), call("rm"))
    host.decide(PAUSE)

    assert host.tell(i.Proceeded()).kinds == ["tool_result"]
    heard = host.tell(RESUME)

    assert heard.kinds == ["turn_resumed", "tool_started"]
    assert heard.effects == [run("t1.1.1")]


def test_a_turn_paused_after_its_last_word_ends_when_it_is_resumed():
    host = _asking()
    answered(host, "Done.")
    host.decide(PAUSE)

    assert host.tell(i.Proceeded()).entries == []
    assert host.tell(RESUME).kinds == ["turn_resumed", "turn_ended"]


def test_a_turn_paused_after_a_failure_fails_when_it_is_resumed():
    host = _asking()
    host.decide(i.ModelFailed(turn="t1", step=1, attempt=1, fault="cut", message="no"))
    host.decide(PAUSE)

    assert host.tell(i.Proceeded()).entries == []
    assert host.tell(RESUME).kinds == ["turn_resumed", "turn_ended"]


# Cancel


def test_a_cancelled_turn_is_followed_by_the_next_one():
    host = _calling()
    host.tell(queued("next"))

    heard = host.tell(CANCEL)

    assert heard.kinds == ["tool_result", "turn_ended", "turn_started", "step_started"]
    assert heard.effects == [f.CancelTool(call="t1.1.1"), request(1, turn="t2")]
    assert host.state.last_outcome == Cancelled(by="user", reason="enough")


# Stop


def test_an_idle_pod_drains_at_once():
    heard = Host.after().tell(DRAIN)

    assert heard.kinds == ["stop_requested", "session_closed"]
    assert heard.effects[-1] == END


def test_a_drain_finishes_the_turn_and_leaves_the_queue():
    host = _calling()
    host.tell(queued("never"))
    assert host.tell(DRAIN).kinds == ["stop_requested"]
    assert host.tell(finished("t1.1.1")).effects == [request(2)]

    heard = host.answers("Done.")

    assert heard.kinds == ["model_responded", "turn_ended", "session_closed"]
    assert heard.entries[1].state == "stopping"
    assert heard.entries[2].open_turn is None
    assert heard.effects == [END]
    assert [cause.text for cause in host.state.queue] == ["never"]


def test_a_draining_pod_takes_nothing_in():
    host = _calling()
    host.tell(told("rain"))
    host.tell(DRAIN)

    assert host.tell(queued("more")).decision.refusal == "stopping"
    assert host.tell(finished("t1.1.1")).kinds == ["tool_result", "step_started"]
    assert host.answers("Done.").kinds[-2:] == ["turn_ended", "session_closed"]
    assert [cause.text for cause in host.state.waiting] == ["[user] rain"]


def test_a_failure_in_a_draining_pod_ends_the_turn_and_the_pod():
    host = _asking()
    host.tell(DRAIN)

    heard = host.fails()

    assert heard.kinds == ["step_failed", "turn_ended", "session_closed"]
    assert heard.effects == [END]


def test_a_cancel_in_a_draining_pod_ends_the_turn_and_the_pod():
    host = _calling()
    host.tell(DRAIN)

    heard = host.tell(CANCEL)

    assert heard.kinds == ["tool_result", "turn_ended", "session_closed"]
    assert heard.entries[1].state == "stopping"
    assert heard.effects == [f.CancelTool(call="t1.1.1"), END]


def test_a_paused_turn_stays_open_when_its_pod_drains():
    host = _asking()
    host.tell(PAUSE)

    heard = host.tell(DRAIN)

    assert heard.kinds == ["stop_requested", "session_closed"]
    assert heard.entries[-1].open_turn == "t1"
    assert heard.effects[-1] == END


def test_a_paused_turn_lets_its_calls_end_before_its_pod_drains():
    host = _calling()
    host.tell(PAUSE)
    assert host.tell(DRAIN).kinds == ["stop_requested"]

    heard = host.tell(finished("t1.1.1"))

    assert heard.kinds == ["tool_result", "session_closed"]
    assert heard.effects == [END]


def test_a_drain_does_not_wait_for_calls_that_a_pause_kept_from_beginning():
    host = _asking()
    answered(host, call("read_file"))
    host.decide(PAUSE)

    heard = host.tell(DRAIN)

    assert heard.kinds == ["stop_requested", "session_closed"]
    restored = host.crash()
    assert restored.tell(RESTORED).effects == []
    assert restored.tell(RESUME).effects == [run("t1.1.1")]


def test_a_turn_that_was_answered_when_the_drain_came_ends_before_the_pod_does():
    host = _asking()
    answered(host, "Done.")

    assert host.tell(DRAIN).kinds == ["stop_requested", "turn_ended", "session_closed"]


@pytest.mark.parametrize("stop", [NOW, OVER])
@pytest.mark.parametrize("begun", [_asking, _calling], ids=["model", "tools"])
def test_a_turn_that_a_stop_interrupted_goes_on_after_the_restore(begun, stop):
    host = begun()
    host.tell(DRAIN)
    host.tell(stop)
    assert machine_state(host.state) is MachineState.CLOSED
    assert host.tell(i.Proceeded()).entries == []

    restored = host.crash()
    heard = restored.tell(RESTORED)

    again = request(1, attempt=2) if begun is _asking else request(2)
    assert heard.kinds == ["pod_started", "step_started"]
    assert heard.effects == [again]
    restored.answers("Done.")
    assert restored.state.last_outcome == Completed()


# Restore


def test_a_request_goes_out_again_after_a_crash_as_a_higher_attempt():
    host = _asking().crash()

    heard = host.tell(RESTORED)

    assert heard.kinds == ["pod_started", "step_failed", "step_started"]
    assert heard.effects == [request(1, attempt=2)]
    third = host.crash()
    assert third.tell(RESTORED).effects == [request(1, attempt=3)]


def test_an_answer_to_the_attempt_before_the_crash_is_stale():
    host = _asking()
    answer = i.ModelAnswered(
        turn="t1",
        step=1,
        attempt=1,
        response=None,  # type: ignore[arg-type]  # nobody may look at it
    )
    restored = host.crash()
    restored.tell(RESTORED)

    assert restored.tell(answer).decision.verdict == "stale"


def test_a_crash_while_calls_ran_is_settled_once_and_the_turn_goes_on():
    host = _calling("write_file", "read_file").crash()

    heard = host.tell(RESTORED)
    assert heard.kinds == ["pod_started", "tool_result"]
    assert heard.effects == [run("t1.1.2")]

    again = host.crash()
    assert again.tell(RESTORED).kinds == ["pod_started"]
    assert again.tell(finished("t1.1.2")).effects == [request(2)]


def test_a_paused_turn_stays_paused_over_a_restore():
    host = _calling("write_file")
    host.tell(PAUSE)
    restored = host.crash()

    heard = restored.tell(RESTORED)

    assert heard.kinds == ["pod_started", "tool_result"]
    assert heard.entries[0].state == "paused"
    assert machine_state(restored.state) is MachineState.PAUSED
    assert restored.tell(RESUME).effects == [request(2)]


def test_a_queue_is_taken_up_after_a_restore():
    host = Host.after()
    host.decide(queued("a"))
    restored = host.crash()

    assert restored.tell(RESTORED).kinds == [
        "pod_started",
        "turn_started",
        "step_started",
    ]


def test_a_crash_in_a_drain_is_no_end_and_the_turn_goes_on():
    host = _calling()
    host.tell(DRAIN)
    restored = host.crash()

    assert restored.tell(RESTORED).effects == [run("t1.1.1")]
    assert restored.tell(finished("t1.1.1")).effects == [request(2)]


# Surface


def test_nothing_starts_before_there_is_something_to_show():
    host = Host()
    host.tell(RESTORED)

    assert host.tell(queued("work")).kinds == ["input_accepted"]
    assert host.tell(told("rain", wake=True)).kinds == ["notification_accepted"]
    heard = host.tell(RENDERED)

    assert heard.kinds == ["surface_set", "turn_started", "step_started"]
    assert heard.entries[1].causes == ("c2", "c1")
    assert heard.entries[1].turn == "t1"


def test_a_pod_without_a_surface_drains_all_the_same():
    host = Host()
    host.tell(RESTORED)
    host.tell(queued("work"))

    assert host.tell(DRAIN).kinds == ["stop_requested", "session_closed"]


def test_another_surface_counts_from_the_next_step_on():
    host = _calling()

    assert host.tell(OTHER).kinds == ["surface_set"]
    step = host.tell(finished("t1.1.1")).entries[-1]

    assert step.model == "other"
    assert host.answers(call("read_file")).entries[1].status == "error"
