"""The machine of a pod that has children, commands and people to ask."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from podd.core.context.request import Surface
from podd.core.scope.rules import Rule, Scope
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from tests.core.turn.family import (
    SETTINGS,
    SHOWN,
    accepted,
    answered_below,
    ask,
    asks,
    bash,
    begun,
    ended,
    gone,
    news,
    over,
    planned,
    read,
    ready,
    resolved_below,
    wait,
    wants,
)
from tests.core.turn.family_histories import check_family
from tests.core.turn.host import Host, call, finished, queued, response
from tests.core.turn.pod_machine import Pod, is_request

_ENDS = st.sampled_from(["stopped", "crashed", "lost"])
_UNTIL = st.sampled_from(["all", "any"])
#: Once named, a child may be spawned again under the same name.
_NAMES = st.sampled_from("ab")


class Family(Pod):
    """Its children are `s-<n>a`, `s-<n>b`: names are used again, sessions never."""

    shown: ClassVar[i.SurfaceRendered] = SHOWN
    other: ClassVar[i.SurfaceRendered] = i.SurfaceRendered(
        surface=Surface(model="other", system="New.", tools=SHOWN.surface.tools[1:]),
        cause="manifest_given",
    )

    def __init__(self) -> None:
        self.lent: set[str] = set()
        """Sessions that should have a loan of ours."""
        self.due: set[tuple[str, str]] = set()
        """Turns of children that we asked for and have not heard the end of."""
        self.spawned = 0
        super().__init__()

    def new_host(self) -> Host:
        host = Host(settings=SETTINGS)
        host.record(
            e.SessionStarted(
                format=1,
                session="s-p",
                pod="p",
                origin=e.Origin(kind="new"),
                manifest={},
                podd="0.1.0",
            )
        )
        return host

    # What other runs have tried often enough: left out, so that this one comes further.
    begin = offer = notify = interfere_with_nothing = come_from_elsewhere = None
    render = fail = answer = None

    @initialize(names=st.lists(_NAMES, min_size=1, max_size=2), idle=st.booleans())
    def raise_children(self, names, idle):
        self.tell(self.shown)
        self._offer(queued("work"), "work", at_once=True)
        self._say(*(call("spawn_pod") for _ in names))
        for name in names:
            self.lend(name, 3, at_once=True)
        for asked in list(self.outstanding):
            self._come_back(asked, finished(asked.call), at_once=True)
        if idle:
            self._say("Begun.")

    # What the model asks for

    def _say(self, *parts, at_once=True) -> None:
        asked = self._asked()
        answer = i.ModelAnswered(
            turn=asked.turn,
            step=asked.step,
            attempt=asked.attempt,
            response=response(*parts),
        )
        self._come_back(asked, answer, at_once)

    @precondition(lambda self: any(map(is_request, self.outstanding)))
    @rule(at_once=st.booleans())
    def end_the_turn(self, at_once):
        self._say("Done.", at_once=at_once)

    @precondition(lambda self: any(map(is_request, self.outstanding)))
    @rule(
        parts=st.lists(
            st.one_of(
                st.just(call("spawn_pod")),
                st.just(call("bash")),
                st.sampled_from(["rm x", "rm y", "sudo x"]).map(bash),
                st.sampled_from(["ask_user", "ask_parent"]).map(ask),
                st.builds(lambda until: wait("a", until=until), _UNTIL),
                st.builds(lambda until: wait("a", "b", until=until), _UNTIL),
            ),
            min_size=1,
            max_size=4,
        ),
        at_once=st.booleans(),
    )
    def ask_for_more(self, parts, at_once):
        self._say(*parts, at_once=at_once)

    # Loans

    def _runs(self, name: str) -> list[str]:
        return [o.call for o in self.outstanding if getattr(o, "name", "") == name]

    def _calls_without_child(self) -> list[str]:
        made = {one.call for one in self.host.state.children.values()}
        return [name for name in self._runs("spawn_pod") if name not in made]

    @precondition(lambda self: self._calls_without_child())
    @rule(name=_NAMES, steps=st.integers(1, 3), at_once=st.booleans())
    def lend(self, name, steps, at_once):
        """As far as it comes: intended, adopted, at work."""
        by = self._calls_without_child()[0]
        self.spawned += 1
        session = f"{self.spawned}{name}"
        fact = planned(session, by)
        fields = {key: getattr(fact, key) for key in fact.__struct_fields__}
        self.tell(i.LoanPlanned(**{**fields, "pod": f"p.{name}"}), at_once=at_once)
        self.lent.add(f"s-{session}")
        if steps > 1:
            self.tell(ready(session), at_once=at_once)
        if steps > 2:
            self._accept(session, by, "t1", at_once)

    def _accept(self, name: str, by: str, turn: str, at_once: bool) -> None:
        known = self.host.state.children[f"s-{name}"]
        is_new = turn not in {*known.turns, *known.counted}
        decision = self.tell(accepted(name, by, turn), at_once=at_once)
        assert decision.verdict == ("take" if is_new else "stale")
        if is_new:
            self.due.add((f"s-{name}", turn))

    def _names(self) -> list[str]:
        return sorted(session.removeprefix("s-") for session in self.lent)

    @precondition(lambda self: self.lent and not self.host.state.closed)
    @rule(data=st.data(), at_once=st.booleans())
    def be_ready(self, data, at_once):
        name = data.draw(st.sampled_from(self._names()))
        was = self.host.state.children[f"s-{name}"].stage
        decision = self.tell(ready(name), at_once=at_once)
        assert decision.verdict == ("take" if was == "intended" else "stale")

    @precondition(lambda self: self.lent and not self.host.state.closed)
    @rule(
        data=st.data(), turn=st.sampled_from(["t1", "t2", "t3"]), at_once=st.booleans()
    )
    def take_work(self, data, turn, at_once):
        name = data.draw(st.sampled_from(self._names()))
        self._accept(name, "t1.1.1", turn, at_once)

    @precondition(lambda self: self.lent and not self.host.state.closed)
    @rule(data=st.data(), end=_ENDS, told=st.booleans(), at_once=st.booleans())
    def die(self, data, end, told, at_once):
        name = data.draw(st.sampled_from(self._names()))
        below = [
            one
            for one in self.host.state.children.values()
            if one.stage == "below" and one.parent == f"p.{name}"
        ]
        survives = data.draw(st.booleans()) and below
        assumed = tuple(
            i.AssumedLoan(
                pod=one.pod,
                session=one.session,
                scope=Scope((Rule(f"/w/{one.pod}", "write"),)),
            )
            for one in (below if survives else ())
        )
        fact = gone(name, end, told=told, assumed=assumed)
        self.past.append(fact)
        self.tell(fact, at_once=at_once)
        self.lent.remove(f"s-{name}")
        self.lent |= {one.session for one in assumed}
        self.due = {(s, turn) for s, turn in self.due if s != f"s-{name}"}

    # What is read of children

    @precondition(lambda self: self.lent and not self.host.state.closed)
    @rule(data=st.data(), number=st.integers(1, 4), at_once=st.booleans())
    def hear(self, data, number, at_once):
        """Of several children at once; a turn's end perhaps more than once."""
        facts = [self._draw(data) for _ in range(number)]
        fact = read(self.host, *facts)
        due = {
            (said.session, said.turn)
            for _, said in facts
            if isinstance(said, i.BelowNews) and said.news == "turn_ended"
        }
        self.past.append(fact)
        entries = len(self.host.entries)
        self.tell(fact, at_once=at_once)
        told = {
            (entry.session, entry.turn)
            for entry in self.host.entries[entries:]
            if isinstance(entry, e.ChildNews) and entry.cause is not None
        }
        assert due & self.due <= told, "a report was lost"
        self.due -= due

    def _draw(self, data) -> tuple[str, object]:
        name = data.draw(st.sampled_from(self._names()))
        turn = data.draw(st.sampled_from(["t1", "t2", "t3"]))
        question = data.draw(st.sampled_from(["t1.1.1", "t1.2.1"]))
        deep = f"{name}.x"
        return data.draw(
            st.sampled_from(
                [
                    ended(name, turn),
                    (name, ended(deep, turn)[1]),
                    (name, news("spawned", deep)),
                    (name, news("ended", deep, end="crashed")),
                    (name, news("paused", name)),
                    (name, news("assumed", f"{deep}.y", parent=f"p.{name}")),
                    self._as_child(name, asks(name, question)),
                    self._as_child(name, asks(name, question, to="user")),
                    self._as_child(name, answered_below(name, question)),
                    wants(name, deep, question),
                    resolved_below(name, deep, question),
                ]
            )
        )

    def _as_child(self, name: str, fact: tuple[str, object]) -> tuple[str, object]:
        """As its pod is called, which is not as its session is here."""
        said = fact[1]
        pod = self.host.state.children[f"s-{name}"].pod
        fields = {key: getattr(said, key) for key in said.__struct_fields__}
        return name, type(said)(**{**fields, "pod": pod})

    # People

    def _own(self, waiting) -> list[str]:
        return [name for pod, name in waiting if pod == self.host.state.pod]

    @precondition(lambda self: self._own(self.host.state.approvals))
    @rule(
        data=st.data(),
        verdict=st.sampled_from(["approved", "denied"]),
        remember=st.sampled_from(["once", "session"]),
        at_once=st.booleans(),
    )
    def decide_about_a_call(self, data, verdict, remember, at_once):
        name = data.draw(st.sampled_from(self._own(self.host.state.approvals)))
        said = i.ApprovalGiven(call=name, verdict=verdict, remember=remember)
        assert self.tell(said, at_once=at_once).verdict == "take"
        assert self.host.decide(said).refusal == "no_such_call"

    @precondition(lambda self: self._own(self.host.state.questions))
    @rule(data=st.data(), at_once=st.booleans())
    def reply(self, data, at_once):
        name = data.draw(st.sampled_from(self._own(self.host.state.questions)))
        said = i.QuestionReplied(question=name, text="That.")
        assert self.tell(said, at_once=at_once).verdict == "take"
        assert self.host.decide(said).refusal == "no_such_question"

    @precondition(lambda self: self.timers)
    @rule(data=st.data(), at_once=st.booleans())
    def be_too_late(self, data, at_once):
        timer = data.draw(st.sampled_from(self.timers))
        self.timers.remove(timer)
        late = i.DeadlinePassed(deadline=timer.deadline, call=timer.call)
        self.past.append(late)
        self.tell(late, at_once=at_once)

    # Commands

    @precondition(lambda self: self._runs("bash"))
    @rule(data=st.data(), at_once=st.booleans())
    def begin_a_command(self, data, at_once):
        name = data.draw(st.sampled_from(self._runs("bash")))
        self.tell(begun(name), at_once=at_once)

    @precondition(lambda self: self.host.state.commands and not self.host.state.closed)
    @rule(data=st.data(), told=st.booleans(), at_once=st.booleans())
    def end_a_command(self, data, told, at_once):
        name = data.draw(st.sampled_from(sorted(self.host.state.commands)))
        fact = over(name, told=told)
        self.past.append(fact)
        assert self.tell(fact, at_once=at_once).verdict == "take"

    # What always holds

    @invariant()
    def the_journal_knows_of_every_loan_and_every_question(self):
        state = self.host.state
        check_family(self.host.entries, "p")
        lent = {one.session for one in state.children.values() if one.is_lent_to}
        assert lent == self.lent
        if not state.closed:
            made = {s for s in lent if state.children[s].stage == "made"}
            assert made <= self.watched, "nobody reads what it writes"
        assert all(pod == "p" or one.via for (pod, _), one in state.approvals.items())
        for session, turn in self.due:
            assert turn in state.children[session].turns
