"""A pod in many processes, as a machine of hypothesis: any facts in any order."""

from __future__ import annotations

from typing import ClassVar, get_args

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from podd.core.context.conversation import (
    ReasoningPart,
    TextPart,
)
from podd.core.context.response import StopReason
from podd.core.pod.fold import fold
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.decide import Decision
from podd.core.turn.pending import pending
from podd.core.turn.states import MachineState, machine_state
from podd_protocol.values import Usage
from tests.core.turn.histories import (
    check_conversation,
    check_history,
    check_inputs,
    told_texts,
)
from tests.core.turn.honest_host import (
    check_a_crash_costs_no_more_than_it_may,
    check_every_prefix_goes_on,
)
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
    Host,
    block,
    call,
    code_over,
    finished,
    queued,
    reread,
    response,
    steered,
    told,
)

NOBODYS_FAULT = {"stale", "duplicate", "unknown"}
_PARTS = st.lists(
    st.one_of(
        st.sampled_from(["", " ", "Let me see.", "Done."]).map(TextPart),
        st.just(ReasoningPart("Hm.")),
        st.builds(
            call,
            st.sampled_from(["read_file", "write_file", "rm"]),
            st.sampled_from(["{}", "", "[]", '{"path":']),
            provider_call=st.sampled_from(["", "same"]),
        ),
    ),
    max_size=4,
)
_STOPS = st.sampled_from(get_args(StopReason))
_USAGES = st.builds(
    Usage,
    input_tokens=st.integers(0, 9),
    requests=st.just(1),
    cost_usd=st.sampled_from([None, 0.25, 0.5]),
)
_FAULTS = st.sampled_from(["cut", "auth", "empty_response", "content_filter"])
_STATUSES = st.sampled_from(["ok", "error", "denied"])
_KEYS = st.none() | st.sampled_from("ab")


class Pod(RuleBasedStateMachine):
    """One pod in many processes, and all that can happen to it."""

    shown: ClassVar[i.SurfaceRendered] = RENDERED
    other: ClassVar[i.SurfaceRendered] = OTHER

    def __init__(self) -> None:
        super().__init__()
        self.host = self.new_host()
        self.accepted: list[str] = []
        self.outstanding: list[f.RequestModel | f.RunTool | f.RunCode] = []
        self.timers: list[f.SetDeadline] = []
        """Those that this process has set for something that waits."""
        self.watched: set[str] = set()
        """Sessions that this process was to watch."""
        self.past: list[i.Input] = []
        self.number = 0
        self.answers: dict[tuple[bool, str | None], object] = {}
        self.tell(RESTORED)

    def new_host(self) -> Host:
        return Host()

    @initialize(shown=st.sampled_from([True, True, True, False]))
    def begin(self, shown):
        if shown:
            self.tell(self.shown)

    # Telling

    def tell(self, fact: i.Input, *, at_once: bool = True) -> Decision:
        """Tell a fact; `at_once`: with all that follows, before the next fact."""
        if at_once:
            heard = self.host.tell(fact)
            decision, effects = heard.decision, heard.effects
        else:
            decision = self.host.decide(fact)
            effects = list(decision.effects)
        assert decision.verdict == "take" or not decision.entries
        self._note(effects)
        return decision

    def _note(self, effects: list[f.Effect]) -> None:
        for effect in effects:
            match effect:
                case f.RequestModel():
                    # Why and when it goes out is not for a later process to know.
                    known = {"delay_seconds": 0.0, "reason": None}
                    asked = msgspec.structs.replace(effect, **known)
                    self.outstanding.append(asked)
                case f.RunTool() | f.RunCode():
                    self.outstanding.append(effect)
                case f.CancelModel():
                    (one,) = [
                        o for o in self.outstanding if isinstance(o, f.RequestModel)
                    ]
                    self.outstanding.remove(one)
                    self.past.append(_late(one))
                case f.CancelCode():
                    (code,) = [o for o in self.outstanding if isinstance(o, f.RunCode)]
                    self.outstanding.remove(code)
                    self.past.append(code_over(code.step, turn=code.turn))
                case f.CancelTool(call=name):
                    (one,) = [
                        o for o in self.outstanding if getattr(o, "call", None) == name
                    ]
                    self.outstanding.remove(one)
                case f.SetDeadline(deadline="drain") | f.RaiseAlert():
                    pass
                case f.SetDeadline():
                    self.timers.append(effect)
                case f.WatchChild(session=session):
                    self.watched.add(session)
                case f.EndPod():
                    assert self.outstanding == [], "it leaves, and something still runs"

    def _offer(self, fact, text: str, at_once: bool) -> None:
        """Tell work or news, and remember what it was answered under its key."""
        causes = self.host.state.causes
        decision = self.tell(fact, at_once=at_once)
        name = (isinstance(fact, i.NotificationSent), fact.key)
        if self.host.state.causes > causes:
            assert name not in self.answers, "a repeated key was taken for new work"
            self.accepted.append(text)
            if fact.key is not None:
                self.answers[name] = decision.answer
        else:
            assert decision.answer == self.answers.get(name)

    def _text(self) -> str:
        self.number += 1
        return f"input {self.number}"

    # What people do

    @rule(key=_KEYS, at_once=st.booleans())
    def queue(self, key, at_once):
        text = self._text()
        self._offer(queued(text, key), text, at_once)

    @rule(key=_KEYS, at_once=st.booleans())
    def steer(self, key, at_once):
        text = self._text()
        self._offer(steered(text, key), text, at_once)

    @rule(at_once=st.booleans())
    def offer(self, at_once):
        text = self._text()
        self._offer(i.InputOffered(text=text), text, at_once)

    @rule(key=_KEYS, wake=st.booleans(), at_once=st.booleans())
    def notify(self, key, wake, at_once):
        text = self._text()
        self._offer(told(text, wake=wake, key=key), f"[user] {text}", at_once)

    @precondition(lambda self: self.host.state.turn)
    @rule(fact=st.sampled_from([PAUSE, PAUSE, CANCEL]), at_once=st.booleans())
    def interfere(self, fact, at_once):
        self.tell(fact, at_once=at_once)

    @precondition(lambda self: self.host.state.turn and self.host.state.turn.paused)
    @rule(at_once=st.booleans())
    def resume(self, at_once):
        self.tell(RESUME, at_once=at_once)

    @precondition(lambda self: self.host.state.turn is None)
    @rule(fact=st.sampled_from([PAUSE, RESUME, CANCEL]))
    def interfere_with_nothing(self, fact):
        assert self.tell(fact).refusal in {"not_running", "not_paused", "stopping"}

    @rule(fact=st.sampled_from([DRAIN, DRAIN, DRAIN, NOW]), at_once=st.booleans())
    def stop(self, fact, at_once):
        self.tell(fact, at_once=at_once)

    @precondition(lambda self: self.host.state.stopping)
    @rule(at_once=st.booleans())
    def run_out_of_time(self, at_once):
        self.tell(OVER, at_once=at_once)

    @precondition(lambda self: self.host.state.closed)
    @rule()
    def start_again(self):
        self.crash(again=False)

    @rule(other=st.booleans(), at_once=st.booleans())
    def render(self, other, at_once):
        self.tell(self.other if other else self.shown, at_once=at_once)

    # What comes back

    def _come_back(self, asked, fact: i.Input, at_once: bool) -> None:
        self.outstanding.remove(asked)
        self.past.append(fact)
        self.tell(fact, at_once=at_once)

    def _asked(self) -> f.RequestModel:
        return next(o for o in self.outstanding if isinstance(o, f.RequestModel))

    @precondition(lambda self: any(map(is_request, self.outstanding)))
    @rule(parts=_PARTS, stop=_STOPS, usage=_USAGES, at_once=st.booleans())
    def answer(self, parts, stop, usage, at_once):
        asked = self._asked()
        answered = i.ModelAnswered(
            turn=asked.turn,
            step=asked.step,
            attempt=asked.attempt,
            response=response(*parts, stop_reason=stop, usage=usage),
        )
        self._come_back(asked, answered, at_once)

    @precondition(lambda self: self.outstanding)
    @rule(replies=st.integers(1, 6), at_once=st.booleans())
    def answer_well(self, replies, at_once):
        """Work goes on for a while, so that later steps are reached."""
        for _ in range(replies):
            if not self.outstanding:
                return
            asked = self.outstanding[0]
            if isinstance(asked, f.RunTool):
                self._come_back(asked, finished(asked.call), at_once)
                continue
            if isinstance(asked, f.RunCode):
                over = code_over(asked.step, turn=asked.turn)
                self._come_back(asked, over, at_once)
                continue
            parts = (call("read_file"), call("write_file"))
            if not asked.offer_tools:
                parts = (block(),)
            answered = i.ModelAnswered(
                turn=asked.turn,
                step=asked.step,
                attempt=asked.attempt,
                response=response(*parts),
            )
            self._come_back(asked, answered, at_once)

    @precondition(lambda self: any(map(is_request, self.outstanding)))
    @rule(fault=_FAULTS, began=st.booleans(), at_once=st.booleans())
    def fail(self, fault, began, at_once):
        asked = self._asked()
        failed = i.ModelFailed(
            turn=asked.turn,
            step=asked.step,
            attempt=asked.attempt,
            fault=fault,
            message="no",
            began=began,
        )
        self._come_back(asked, failed, at_once)

    @precondition(lambda self: any(map(_is_run, self.outstanding)))
    @rule(data=st.data(), status=_STATUSES, at_once=st.booleans())
    def finish(self, data, status, at_once):
        asked = data.draw(st.sampled_from(list(filter(_is_run, self.outstanding))))
        self._come_back(asked, finished(asked.call, status), at_once)

    # Faults

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def come_back_again(self, data):
        """A duplicate, or a latecomer: nothing it is about is open any more."""
        fact = data.draw(st.sampled_from(self.past))
        entries = len(self.host.entries)
        assert self.host.decide(fact).verdict in NOBODYS_FAULT
        assert len(self.host.entries) == entries

    @rule(name=st.sampled_from(["", "t1.1.9", "t99.1.1"]))
    def come_from_elsewhere(self, name):
        assert self.host.decide(finished(name)).verdict in NOBODYS_FAULT

    @rule(again=st.booleans())
    def crash(self, again):
        """And perhaps once more, before anything followed from the restore."""
        self.host = self.host.crash()
        if again:
            self.host.decide(RESTORED)
            self.host = self.host.crash()
        self.past += map(_late, filter(is_request, self.outstanding))
        self.outstanding = []
        self.timers = []
        self.watched = set()
        self.tell(RESTORED)

    @rule()
    def proceed(self):
        self.tell(i.Proceeded())

    # What always holds

    @invariant()
    def replaying_the_journal_gives_the_state(self):
        assert fold(reread(self.host.entries)) == self.host.state

    @invariant()
    def what_is_outstanding_is_what_the_state_says(self):
        def by_name(one):
            return getattr(one, "call", "")

        found = pending(self.host.state)
        waits = [one for one in found if isinstance(one, f.SetDeadline)]
        assert sorted(self.outstanding, key=by_name) == sorted(
            (one for one in found if one not in waits), key=by_name
        )
        assert all(one in self.timers for one in waits), "it might wait for ever"
        assert sum(map(is_request, self.outstanding)) <= 1
        if machine_state(self.host.state) is MachineState.AWAITING_MODEL:
            assert len(self.outstanding) == 1

    @invariant()
    def the_journal_breaks_no_rule(self):
        entries = self.host.entries
        check_history(entries, self.host.settings)
        check_conversation(self.host.state)
        check_inputs(self.host.state, [*self.accepted, *told_texts(entries)])
        spent = [en.usage for en in self.host.entries if _is_response(en)]
        assert self.host.state.usage == sum(spent, Usage())

    def teardown(self):
        check_a_crash_costs_no_more_than_it_may(self.host)
        check_every_prefix_goes_on(self.host, self.shown)


def _late(asked: f.RequestModel) -> i.ModelAnswered:
    """An answer to a request that nobody waits for any more."""
    return i.ModelAnswered(
        turn=asked.turn,
        step=asked.step,
        attempt=asked.attempt,
        response=response("Late."),
    )


def is_request(effect: f.Effect) -> bool:
    return isinstance(effect, f.RequestModel)


def _is_run(effect: f.Effect) -> bool:
    return isinstance(effect, f.RunTool)


def _is_response(entry: e.AnyEntry) -> bool:
    return isinstance(entry, e.ModelResponded)
