"""Limits over a pod's life, on tokens and on time at work: one last step, once."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.permission import Permission
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.limits import tokens, wall_deadline
from podd_protocol.values import Completed, Limited, Usage
from tests.core.turn import family
from tests.core.turn.host import (
    CANCEL,
    DRAIN,
    OTHER,
    PAUSE,
    RESTORED,
    RESUME,
    SETTINGS,
    Host,
    call,
    code_called,
    code_over,
    coding,
    finished,
    queued,
    request,
    steered,
)

#: Each answer costs 12 tokens, and each entry takes a second.
TOKENS = msgspec.structs.replace(SETTINGS, tokens=24, max_steps=9)
WALL = msgspec.structs.replace(SETTINGS, wall_seconds=100, max_steps=9)


def _working(settings) -> Host:
    return Host.after(queued("work"), settings=settings)


def _with(host: Host, **more) -> Host:
    """The same pod under other limits."""
    settings = msgspec.structs.replace(host.settings, **more)
    return Host.restored(host.entries, settings)


# Tokens


def test_tokens_are_counted_once_each():
    usage = Usage(
        input_tokens=1,
        output_tokens=20,
        cache_read_tokens=300,
        cache_write_tokens=4_000,
        reasoning_tokens=15,
        requests=9,
    )

    assert tokens(usage) == 4_321


def test_the_step_that_would_pass_the_tokens_is_the_last_one():
    host = _working(TOKENS)
    host.answers(call("read_file"))
    host.tell(finished("t1.1.1"))
    host.answers(call("read_file"))

    heard = host.tell(finished("t1.2.1"))

    assert heard.kinds == ["tool_result", "limit_reached", "step_started"]
    assert (heard.entries[1].limit, heard.entries[1].value) == ("tokens", 24)
    assert heard.effects == [request(3, offer_tools=False)]
    assert host.texts()[-1] == "notice: tokens: 24, hand over"
    ended = host.answers("So far.").entries[-1]
    assert (ended.outcome, ended.text) == (Limited(limit="tokens"), "So far.")


def test_a_turn_that_ends_within_its_limits_is_completed():
    host = _working(TOKENS)
    host.answers(call("read_file"))
    host.tell(finished("t1.1.1"))
    host.answers("Done.")

    assert host.state.last_outcome == Completed()


def _spent(settings=TOKENS) -> Host:
    host = _working(settings)
    host.answers(*(call("read_file"),), usage=Usage(input_tokens=99, requests=1))
    host.tell(finished("t1.1.1"))
    host.answers("So far.")
    assert host.state.last_outcome == Limited(limit="tokens")
    return host


def test_turns_after_the_last_step_end_at_once_and_cost_nothing():
    host = _spent()
    for fact in (queued("more"), steered("also")):
        heard = host.tell(fact)

        assert heard.kinds == ["input_accepted", "turn_started", "turn_ended"]
        assert heard.effects == []
        assert heard.entries[-1].outcome == Limited(limit="tokens")
        assert heard.entries[-1].usage == Usage()
    assert [type(entry) for entry in host.entries].count(e.LimitReached) == 1


def test_a_restore_grants_no_second_last_step():
    host = _spent().crash()
    host.tell(RESTORED)

    assert host.tell(queued("more")).kinds[-1] == "turn_ended"


def test_a_raised_limit_lets_work_go_on_and_grants_its_own_last_step():
    host = _with(_spent(), tokens=120)
    host.tell(RESTORED)

    assert host.tell(queued("more")).kinds[-1] == "step_started"
    host.answers(call("read_file"))
    heard = host.tell(finished("t2.1.1"))
    assert heard.kinds == ["tool_result", "limit_reached", "step_started"]
    host.answers("So far.")
    assert host.tell(queued("more")).kinds[-1] == "turn_ended"


def test_a_lowered_limit_grants_nothing_again():
    host = _with(_spent(), tokens=10)
    host.tell(RESTORED)

    assert host.tell(queued("more")).kinds[-1] == "turn_ended"


def test_a_last_step_that_a_cancel_took_is_not_granted_again():
    host = _working(TOKENS)
    host.answers(call("read_file"), usage=Usage(input_tokens=99, requests=1))
    host.tell(finished("t1.1.1"))
    host.tell(CANCEL)

    assert host.tell(queued("more")).kinds[-1] == "turn_ended"


def test_what_children_report_counts():
    settings = msgspec.structs.replace(family.SETTINGS, tokens=100)
    host = family.parent_of("a", settings=settings)
    host.answers(call("read_file"))
    host.tell(finished("t1.2.1"))
    assert tokens(host.state.usage) < 100
    host.answers(call("read_file"))
    host.tell(family.read(host, family.ended("a")))

    heard = host.tell(finished("t1.3.1"))

    assert tokens(host.state.tree_usage) == tokens(host.state.usage) + 110
    assert heard.kinds == [
        *("tool_result", "causes_taken", "limit_reached", "step_started"),
    ]


def test_of_two_limits_one_is_granted_in_a_turn():
    host = _working(msgspec.structs.replace(TOKENS, max_steps=1, tokens=1))
    host.answers(call("read_file"))
    host.tell(finished("t1.1.1"))
    host.answers("So far.")

    assert [type(entry) for entry in host.entries].count(e.LimitReached) == 1


# Time


def _deadline(host: Host) -> f.SetDeadline | None:
    return wall_deadline(host.settings, host.state)


def _wall(host: Host) -> i.DeadlinePassed:
    return i.DeadlinePassed(deadline="wall", call=str(host.state.stretch))


def test_only_work_is_counted():
    host = Host.after(settings=WALL)
    assert host.state.worked_ms == 0
    host.tell(queued("work"))
    host.answers(call("read_file"))
    worked = host.state.worked_ms
    assert worked == 3_000  # the step's start, its answer, the call's start
    host.tell(PAUSE)
    host.tell(finished("t1.1.1"))
    host.tell(steered("also"))
    assert host.state.worked_ms == worked + 1_000, "a pause is no work"
    host.tell(RESUME)
    host.answers("Done.")
    worked = host.state.worked_ms
    for _ in range(5):
        host.record(e.SeqReserved(upto=9))
    assert host.state.worked_ms == worked, "nor is idling"


def test_waiting_for_people_is_no_work_but_a_tool_beside_it_is():
    settings = msgspec.structs.replace(
        WALL,
        permission=lambda tool, _: Permission(
            "ask" if tool == "write_file" else "allow"
        ),
    )
    host = _working(settings)
    host.answers(call("read_file"), call("write_file"))
    assert host.state.is_working
    before = host.state.worked_ms
    host.tell(finished("t1.1.1"))
    assert host.state.worked_ms == before + 1_000
    assert not host.state.is_working
    assert _deadline(host) is None
    host.tell(steered("also"))
    assert host.state.worked_ms == before + 1_000

    host.tell(i.ApprovalGiven(call="t1.1.2", verdict="approved"))

    assert host.state.is_working
    assert host.state.worked_ms == before + 2_000  # the call's start


def test_asking_the_user_is_no_work_and_asking_a_parent_is():
    for who, works in (("ask_user", False), ("ask_parent", True)):
        host = family.working()
        host.answers(family.ask(who))
        assert host.state.is_working is works


def test_the_deadline_counts_from_the_beginning_of_a_stretch():
    host = _working(WALL)
    first = _deadline(host)
    assert first == f.SetDeadline(
        deadline="wall", seconds=100.0, call=str(host.state.stretch)
    )
    host.answers(call("read_file"))
    assert _deadline(host) == first, "it is set once a stretch"
    host.tell(PAUSE)
    assert _deadline(host) is None
    worked = host.state.worked_ms
    host.tell(RESUME)

    again = _deadline(host)

    assert again.seconds == 100.0 - worked / 1000
    assert again.call != first.call
    late = i.DeadlinePassed(deadline="wall", call=first.call)
    assert host.decide(late).verdict == "stale"


@pytest.mark.parametrize("fact", [OTHER, RESTORED])
def test_another_surface_and_another_process_begin_a_stretch(fact):
    """Their limits may be others."""
    host = _working(WALL)
    before = host.state.stretch
    host.tell(fact)

    assert host.state.stretch > before
    assert _deadline(host).call == str(host.state.stretch)


def test_no_deadline_is_set_where_none_would_count():
    assert _deadline(_working(SETTINGS)) is None
    assert _deadline(Host.after(settings=WALL)) is None
    host = _working(WALL)
    host.tell(DRAIN)
    assert _deadline(host) is None


def test_time_that_is_up_interrupts_the_request_and_asks_for_the_last_word():
    host = _working(WALL)

    heard = host.tell(_wall(host))

    assert heard.kinds == ["step_failed", "limit_reached", "step_started"]
    assert heard.entries[0].fault == "interrupted"
    assert heard.entries[1].limit == "wall_seconds"
    assert heard.effects == [
        f.CancelModel(),
        request(1, attempt=2, offer_tools=False),
    ]
    assert heard.entries[2].last
    host.answers("So far.")
    assert host.state.last_outcome == Limited(limit="wall_seconds")
    assert host.tell(queued("more")).kinds[-1] == "turn_ended"


def test_time_that_is_up_interrupts_tools():
    """Promise 3: each call has its result before the last step."""
    host = _working(WALL)
    host.answers(call("read_file"), call("write_file"))

    heard = host.tell(_wall(host))

    assert heard.kinds == [
        *("tool_result", "tool_result", "limit_reached", "step_started"),
    ]
    assert {one.status for one in heard.entries[:2]} == {"interrupted"}
    assert heard.effects == [
        f.CancelTool(call="t1.1.1"),
        f.CancelTool(call="t1.1.2"),
        request(2, offer_tools=False),
    ]


def test_time_that_is_up_interrupts_code_and_what_it_called():
    host = coding("read_file")

    heard = host.tell(_wall(host))

    assert heard.kinds == [
        *("tool_result", "code_ended", "limit_reached", "step_started"),
    ]
    assert f.CancelCode() in heard.effects
    assert host.decide(code_over()).verdict == "stale"
    assert host.decide(code_called()).verdict == "stale"
    host.answers("So far.")
    assert host.state.last_outcome == Limited(limit="wall_seconds")


def test_the_deadline_counts_once_and_not_in_a_last_step():
    host = _working(WALL)
    over = _wall(host)
    host.tell(over)

    assert host.decide(over).verdict == "stale"
    assert host.decide(_wall(host)).verdict == "stale"


@pytest.mark.parametrize("facts", [(PAUSE,), (CANCEL,), (CANCEL, DRAIN)])
def test_a_deadline_of_work_that_stands_still_or_has_ended_is_stale(facts):
    host = _working(WALL)
    over = _wall(host)
    for fact in facts:
        host.decide(fact)

    decision = host.decide(over)

    assert (decision.verdict, decision.entries) == ("stale", ())


def test_a_step_is_not_begun_when_the_time_is_up_already():
    host = _working(msgspec.structs.replace(WALL, wall_seconds=4))
    host.answers(call("read_file"))

    heard = host.tell(finished("t1.1.1"))

    assert heard.kinds == ["tool_result", "limit_reached", "step_started"]
    assert heard.entries[1].limit == "wall_seconds"


def test_more_time_lets_work_go_on():
    host = _working(WALL)
    host.tell(_wall(host))
    host.answers("So far.")
    host = _with(host, wall_seconds=1_000)
    host.tell(RESTORED)

    assert host.tell(queued("more")).kinds[-1] == "step_started"
    assert _deadline(host).seconds == 1_000 - host.state.worked_before_ms / 1000
