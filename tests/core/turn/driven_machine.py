"""A pod whose driver is drawn, with code, values, limits, and broken answers."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from podd.core.context.conversation import TextPart
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.drivers.chat import Chat
from podd.core.turn.drivers.code import Code
from podd.core.turn.limits import wall_deadline
from tests.core.turn.fickle import Fickle
from tests.core.turn.honest_host import check_every_restore_is_a_going_on
from tests.core.turn.host import (
    SETTINGS,
    block,
    code_called,
    code_over,
    finished,
    response,
    wants_object,
)
from tests.core.turn.pod_machine import Pod, is_request

_DRIVERS = st.one_of(
    st.just(Code()),
    st.just(Code()),
    st.just(Chat()),
    st.builds(Fickle, st.integers(0, 99), st.booleans(), st.booleans()),
)


class Driven(Pod):
    """What `Pod` leaves out. Limits on time are never reached by counting here: a crash
    costs time, and what it costs else is to be compared."""

    begin = offer = interfere_with_nothing = None

    @initialize(
        driver=_DRIVERS,
        tokens=st.sampled_from([None, None, 12, 40]),
        cost_usd=st.sampled_from([None, None, 0.5, 1.25]),
        wall_seconds=st.sampled_from([None, 100_000]),
        wants_value=st.booleans(),
        max_steps=st.integers(1, 4),
    )
    def be_driven(self, driver, tokens, cost_usd, wall_seconds, wants_value, max_steps):
        self.host.settings = msgspec.structs.replace(
            SETTINGS,
            driver=driver,
            tokens=tokens,
            cost_usd=cost_usd,
            wall_seconds=wall_seconds,
            output_problem=wants_object if wants_value else None,
            max_steps=max_steps,
        )
        self.tell(self.shown)

    # What the model says

    @precondition(lambda self: any(map(is_request, self.outstanding)))
    @rule(
        text=st.sampled_from(['{"n":1}', "Seven.", block(), block(), block("x", "sh")]),
        at_once=st.booleans(),
    )
    def say(self, text, at_once):
        asked = self._asked()
        answered = i.ModelAnswered(
            turn=asked.turn,
            step=asked.step,
            attempt=asked.attempt,
            response=response(TextPart(text)),
        )
        self._come_back(asked, answered, at_once)

    @precondition(lambda self: any(map(is_request, self.outstanding)))
    @rule(at_once=st.booleans())
    def break_off(self, at_once):
        asked = self._asked()
        failed = i.ModelFailed(
            turn=asked.turn,
            step=asked.step,
            attempt=asked.attempt,
            fault="cut",
            message="no",
            partial="As I",
            began=True,
        )
        self._come_back(asked, failed, at_once)

    # What code does

    def _code(self) -> f.RunCode | None:
        return next((o for o in self.outstanding if isinstance(o, f.RunCode)), None)

    @precondition(lambda self: self._code())
    @rule(
        name=st.sampled_from(["read_file", "write_file", "rm"]), at_once=st.booleans()
    )
    def call_a_tool(self, name, at_once):
        code = self._code()
        fact = code_called(code.step, name, turn=code.turn)
        assert self.tell(fact, at_once=at_once).verdict == "take"

    @precondition(lambda self: self._code())
    @rule(
        end=st.sampled_from(
            [
                {},
                {},
                {"status": "error", "lost": True},
                {"submitted": True, "value": {"n": 2}},
                {"submitted": True, "value": 2},
            ]
        ),
        at_once=st.booleans(),
    )
    def end_the_code(self, end, at_once):
        code = self._code()
        self.past.append(code_called(code.step, turn=code.turn))
        self._come_back(code, code_over(code.step, turn=code.turn, **end), at_once)

    @precondition(lambda self: self._code())
    @rule(calls=st.integers(0, 2), at_once=st.booleans())
    def run_well(self, calls, at_once):
        """Code calls, waits for its tools, and ends."""
        code = self._code()
        for _ in range(calls):
            self.tell(code_called(code.step, turn=code.turn))
        for run in [o for o in self.outstanding if isinstance(o, f.RunTool)]:
            self._come_back(run, finished(run.call), at_once=True)
        self.end_the_code({}, at_once)

    # Time

    @precondition(lambda self: wall_deadline(self.host.settings, self.host.state))
    @rule(at_once=st.booleans())
    def work_too_long(self, at_once):
        deadline = wall_deadline(self.host.settings, self.host.state)
        over = i.DeadlinePassed(deadline="wall", call=deadline.call)
        assert self.tell(over, at_once=at_once).verdict == "take"
        assert self.host.decide(over).verdict == "stale"

    @invariant()
    def time_at_work_is_bounded(self):
        state, settings = self.host.state, self.host.settings
        turn = state.turn
        unbounded = settings.wall_seconds is None or state.stopping is not None
        if state.is_working and turn.limit is None and not unbounded:
            assert wall_deadline(settings, state) is not None

    def teardown(self):
        super().teardown()
        check_every_restore_is_a_going_on(self.host)
