"""What follows from facts about the pods below this one."""

from __future__ import annotations

from typing import assert_never

from podd.core.context.arguments import ArgumentsFault, decode
from podd.core.pod.child import Child, Report, short_name
from podd.core.pod.state import PodState
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.proceed import Move
from podd.core.turn.settings import Settings
from podd_protocol.values import Usage

ChildFact = i.LoanPlanned | i.ChildReady | i.TaskAccepted | i.ChildrenRead | i.ChildGone


def decide_child(  # noqa: PLR0911  # one arm a fact
    settings: Settings, state: PodState, fact: ChildFact
) -> Move | None:
    """Decide; None: the fact is about what is over, or known."""
    match fact:
        case i.LoanPlanned():
            return _plan(state, fact)
        case i.ChildReady():
            child = state.children.get(fact.session)
            if child is None or child.stage != "intended":
                return None
            watch = f.WatchChild(session=fact.session)
            return (e.LoanMade(pod=child.pod, session=child.session),), (watch,)
        case i.TaskAccepted():
            child = state.children.get(fact.session)
            if child is None or not child.is_lent_to:
                return None
            if fact.turn in child.turns or fact.turn in child.counted:
                return None
            given = e.TaskGiven(session=fact.session, call=fact.call, turn=fact.turn)
            return (given,), ()
        case i.ChildrenRead():
            entries = _Reading(settings, state).read(fact)
            return (entries, ()) if entries else None
        case i.ChildGone():
            return _gone(settings, state, fact)
        case _ as unreachable:
            assert_never(unreachable)


def _plan(state: PodState, fact: i.LoanPlanned) -> Move | None:
    turn = state.turn
    call = None if turn is None else turn.calls.get(fact.call)
    if turn is None or call is None or call.started_at is None:
        return None  # it was cancelled meanwhile
    planned = e.LoanIntended(
        turn=turn.turn,
        call=fact.call,
        pod=fact.pod,
        session=fact.session,
        scope=fact.scope,
        token=fact.token,
        task=fact.task,
    )
    return (planned,), ()


def _gone(settings: Settings, state: PodState, fact: i.ChildGone) -> Move | None:
    child = state.children.get(fact.session)
    if child is None or not child.is_lent_to:
        return None
    name = short_name(state.pod, child.pod)
    told = fact.told or child.stage == "intended" or _is_being_stopped(state, child)
    returned = e.LoanReturned(
        pod=child.pod,
        session=child.session,
        end=fact.end,
        message=fact.message,
        cause=None if told else f"c{state.causes + 1}",
        rendered=""
        if told
        else settings.texts.child_ended(name, fact.end, fact.message),
    )
    # Of two who lent to one pod and end together, both may tell of it.
    fresh = [loan for loan in fact.assumed if not _is_ours(state, loan.session)]
    assumed = tuple(
        e.LoanAssumed(
            pod=loan.pod, session=loan.session, parent=state.pod, scope=loan.scope
        )
        for loan in fresh
    )
    watch = tuple(f.WatchChild(session=loan.session) for loan in fresh)
    # First what is assumed: what is then still below the dead one is lost with it.
    return (*assumed, returned), watch


def _is_being_stopped(state: PodState, child: Child) -> bool:
    """A call that ends it is under way, and its result will tell.

    After a crash it may be dead before that call has been begun again.
    """
    calls = () if state.turn is None else state.turn.calls.values()
    for call in calls:
        if call.name != "stop_pod" or call.started_at is None:
            continue
        arguments = decode(call.arguments)
        if isinstance(arguments, ArgumentsFault):
            continue
        if state.child_named(str(arguments.get("name"))) is child:
            return True
    return False


def _is_ours(state: PodState, session: str) -> bool:
    child = state.children.get(session)
    return child is not None and child.is_lent_to


class _Reading:
    """One fact with what was read of many children; counts the causes it makes."""

    def __init__(self, settings: Settings, state: PodState) -> None:
        self._settings = settings
        self._state = state
        self._causes = state.causes
        self._upto: dict[str, int] = {}
        self._ended: set[tuple[str, str | None]] = set()
        self._answered: set[tuple[str, str]] = set()

    def read(self, fact: i.ChildrenRead) -> tuple[e.AnyEntry, ...]:
        self._answered = {
            (read.fact.pod, read.fact.question)
            for read in fact.read
            if isinstance(read.fact, i.BelowAnswered)
        }
        return tuple(self._entry(read) for read in fact.read if self._is_new(read))

    def _is_new(self, read: i.ChildRead) -> bool:
        child = self._state.children.get(read.via)
        if child is None:
            return False
        if read.upto <= self._upto.get(read.via, child.upto):
            return False
        self._upto[read.via] = read.upto
        return True

    def _entry(self, read: i.ChildRead) -> e.AnyEntry:
        via, upto = read.via, read.upto
        match read.fact:
            case i.BelowNews() as news:
                return self._news(read, news)
            case i.BelowApproval() as asked:
                return e.ApprovalRequested(
                    pod=asked.pod,
                    call=asked.call,
                    name=asked.name,
                    arguments=asked.arguments,
                    reason=asked.reason,
                    wait_seconds=asked.wait_seconds,
                    via=via,
                    upto=upto,
                )
            case i.BelowResolved() as resolved:
                return e.ApprovalResolved(
                    pod=resolved.pod,
                    call=resolved.call,
                    verdict=resolved.verdict,
                    by=resolved.by,
                    remember=resolved.remember,
                    reason=resolved.reason,
                    via=via,
                    upto=upto,
                )
            case i.BelowQuestion() as question:
                return self._question(read, question)
            case i.BelowAnswered() as answered:
                return e.QuestionAnswered(
                    pod=answered.pod,
                    question=answered.question,
                    text=answered.text,
                    by=answered.by,
                    via=via,
                    upto=upto,
                )
            case _ as unreachable:
                assert_never(unreachable)

    def _next_cause(self) -> str:
        self._causes += 1
        return f"c{self._causes}"

    def _news(self, read: i.ChildRead, news: i.BelowNews) -> e.ChildNews:
        child = self._state.children.get(news.session)
        cause: str | None = None
        rendered = ""
        if child is not None and self._is_wanted(child, news):
            assert news.turn is not None, "only the end of a turn is wanted"
            assert news.outcome is not None, "a turn that ended has an outcome"
            report = Report(
                turn=news.turn,
                outcome=news.outcome,
                text=news.text,
                value=news.value,
                usage=Usage() if news.usage is None else news.usage,
                files=news.files,
            )
            name = short_name(self._state.pod, child.pod)
            rendered = self._settings.texts.child_reported(name, report)
            cause = self._next_cause()
        if news.news == "turn_ended":
            self._ended.add((news.session, news.turn))
        return e.ChildNews(
            via=read.via,
            upto=read.upto,
            news=news.news,
            pod=news.pod,
            session=news.session,
            parent=news.parent,
            lent=news.lent,
            task=news.task,
            turn=news.turn,
            outcome=news.outcome,
            text=news.text,
            value=news.value,
            usage=news.usage,
            files=news.files,
            end=news.end,
            message=news.message,
            cause=cause,
            rendered=rendered,
        )

    def _is_wanted(self, child: Child, news: i.BelowNews) -> bool:
        """The end of a turn that we asked for; what a child does by itself is its own.

        A task whose acceptance was lost with a crash counts too: it is the first turn.
        """
        if news.news != "turn_ended" or not child.is_lent_to:
            return False
        if news.turn in child.turns:
            return (news.session, news.turn) not in self._ended
        is_first = not child.turns and not child.counted
        return (
            is_first
            and child.call != ""
            and all(session != news.session for session, _ in self._ended)
        )

    def _question(self, read: i.ChildRead, asked: i.BelowQuestion) -> e.QuestionAsked:
        child = self._state.children.get(read.via)
        ours = (
            asked.to == "parent"
            and child is not None
            and child.pod == asked.pod
            and (asked.pod, asked.question) not in self._answered
        )
        cause: str | None = None
        rendered = ""
        if ours:
            name = short_name(self._state.pod, asked.pod)
            rendered = self._settings.texts.child_asks(name, asked.text, asked.choices)
            cause = self._next_cause()
        return e.QuestionAsked(
            pod=asked.pod,
            question=asked.question,
            text=asked.text,
            choices=asked.choices,
            to=asked.to,
            wait_seconds=asked.wait_seconds,
            via=read.via,
            upto=read.upto,
            cause=cause,
            rendered=rendered,
        )
