"""A limit of money over a pod's life: as that of tokens, by what answers cost."""

from __future__ import annotations

import msgspec

from podd_protocol.values import Completed, Limited, Usage
from tests.core.turn import family
from tests.core.turn.host import RESTORED, SETTINGS, Host, call, finished, queued

MONEY = msgspec.structs.replace(SETTINGS, cost_usd=1.0, max_steps=9)


def _working(settings=MONEY) -> Host:
    """Each answer costs half a dollar."""
    return Host.after(queued("work"), settings=settings)


def _spent() -> Host:
    host = _working()
    for step in (1, 2):
        host.answers(call("read_file"))
        heard = host.tell(finished(f"t1.{step}.1"))
    assert heard.kinds == ["tool_result", "limit_reached", "step_started"]
    host.answers("So far.")
    return host


def test_the_step_that_would_pass_the_money_is_the_last_one():
    host = _spent()

    assert host.state.granted == {"cost_usd": 1.0}
    assert "notice: cost_usd: 1.0, hand over" in host.texts()
    assert host.state.last_outcome == Limited(limit="cost_usd")


def test_turns_after_the_last_step_cost_nothing_also_after_a_restore():
    host = _spent().crash()
    host.tell(RESTORED)

    assert host.tell(queued("more")).kinds[-1] == "turn_ended"
    assert host.state.last_outcome == Limited(limit="cost_usd")


def test_a_raised_limit_lets_work_go_on():
    settings = msgspec.structs.replace(MONEY, cost_usd=1.75)
    host = Host.restored(_spent().entries, settings)
    host.tell(RESTORED)

    assert host.tell(queued("more")).kinds[-1] == "step_started"


def test_what_nobody_has_a_price_for_does_not_count():
    host = _working()
    for step in (1, 2, 3):
        host.answers(call("read_file"), usage=Usage(input_tokens=9_999, requests=1))
        host.tell(finished(f"t1.{step}.1"))
    host.answers("Done.")

    assert host.state.last_outcome == Completed()
    assert host.state.usage.cost_usd == 0.5


def test_what_children_report_counts():
    settings = msgspec.structs.replace(family.SETTINGS, cost_usd=2.0)
    host = family.parent_of("a", settings=settings)
    host.answers(call("read_file"))
    host.tell(finished("t1.2.1"))
    own = host.state.usage.cost_usd
    assert own is not None
    assert own < 2
    name, news = family.ended("a")
    news = msgspec.structs.replace(news, usage=Usage(cost_usd=2.0))
    host.answers(call("read_file"))
    host.tell(family.read(host, (name, news)))

    heard = host.tell(finished("t1.3.1"))

    assert heard.kinds[-2:] == ["limit_reached", "step_started"]
    assert heard.entries[-2].limit == "cost_usd"
