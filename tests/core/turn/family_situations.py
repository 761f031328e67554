"""Pods with children, commands and questions, by the state that their machine is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from podd.core.turn import inputs as i
from podd.core.turn.states import MachineState as S
from tests.core.turn.family import (
    accepted,
    ask,
    asks,
    bash,
    begun,
    ended,
    family,
    gone,
    idle_parent_of,
    news,
    over,
    parent_of,
    planned,
    read,
    ready,
    running_command,
    wait,
    waiting_for,
    wants,
    working,
)
from tests.core.turn.host import DRAIN, NOW, PAUSE, Host, call, queued


def _told(host: Host, *facts: i.Input) -> Host:
    """With these facts, none of which is followed by `Proceeded`."""
    for fact in facts:
        host.decide(fact)
    return host


def _asking_for_much() -> Host:
    """One call waits for people, one for an answer; one lends, one runs a command."""
    host = parent_of("a")
    host.answers(bash(), ask(), call("spawn_pod"), call("bash"))
    return _told(host, planned("b", "t1.2.3"), begun("t1.2.4"))


def _reported() -> Host:
    host = idle_parent_of("a", "b")
    return _told(host, read(host, ended("a"), asks("b")))


def _half_dead() -> Host:
    """Of two children one is gone; the other has one of its own, which asks people."""
    host = idle_parent_of("a", "b")
    host.tell(gone("a", told=True))
    host.tell(read(host, ("b", news("spawned", "b.x")), wants("b", "b.x")))
    return host


def _idle_command() -> Host:
    host = running_command()
    host.answers("Begun.")
    return host


def _waiting_for_nothing() -> Host:
    """What two waits want is there, and nothing followed from it yet."""
    host = parent_of("a")
    host.answers(wait("a"), ask("ask_parent"))
    facts = (
        read(host, ended("a")),
        i.QuestionReplied(question="t1.2.2", text="Yes.", by="parent"),
    )
    return _told(host, *facts)


FAMILY_SITUATIONS: Final[Mapping[S, tuple[Host, ...]]] = {
    S.IDLE: (idle_parent_of("a"), _half_dead(), _idle_command(), family()),
    S.WAKING: (
        _reported(),
        _told(_idle_command(), over("t1.1.1")),
        _told(idle_parent_of("a"), gone("a", "crashed")),
        _told(idle_parent_of("a"), queued("more")),
    ),
    S.AWAITING_MODEL: (parent_of("a"), running_command(), working()),
    S.AWAITING_TOOLS: (_asking_for_much(), waiting_for("a"), _waiting_for_nothing()),
    S.PAUSED: (_told(parent_of("a"), PAUSE),),
    S.PAUSED_AWAITING_TOOLS: (
        _told(_asking_for_much(), PAUSE),
        _told(waiting_for("a", "b", until="any"), PAUSE),
        _told(_waiting_for_nothing(), PAUSE),
    ),
    S.DRAINING_IDLE: (_told(idle_parent_of("a"), DRAIN), _told(_reported(), DRAIN)),
    S.DRAINING_AWAITING_MODEL: (_told(parent_of("a"), DRAIN),),
    S.DRAINING_AWAITING_TOOLS: (
        _told(_asking_for_much(), DRAIN),
        _told(waiting_for("a"), DRAIN),
        _told(_waiting_for_nothing(), PAUSE, DRAIN),
    ),
    S.CLOSED: (_told(_asking_for_much(), NOW), _told(idle_parent_of("a"), NOW)),
}


def facts_about(host: Host) -> Mapping[type[i.Input], tuple[i.Input, ...]]:
    """Facts about children, people and commands: of what is there, and of strangers."""
    state = host.state
    sessions = [*state.children, "s-z"]
    calls = [*(state.turn.calls if state.turn else ()), "t9.9.9"]
    names = [session.removeprefix("s-") for session in sessions]
    heard = [
        read(host, fact)
        for name in names[:-1]
        for fact in (ended(name), asks(name, "t5.1.1"), wants(name))
    ]
    return {
        i.DeadlinePassed: (
            i.DeadlinePassed(deadline="drain"),
            i.DeadlinePassed(deadline="wall", call=str(state.stretch)),
            i.DeadlinePassed(deadline="wall", call="0"),
            *(
                i.DeadlinePassed(deadline=deadline, call=name)
                for deadline in ("approval", "question", "wait")
                for name in calls
            ),
        ),
        i.LoanPlanned: tuple(planned("new", name) for name in calls),
        i.ChildReady: tuple(ready(name) for name in names),
        i.TaskAccepted: tuple(
            accepted(name, "t1.1.1", turn) for name in names for turn in ("t1", "t8")
        ),
        i.ChildrenRead: (i.ChildrenRead(read=()), *heard),
        i.ChildGone: tuple(gone(name) for name in names),
        i.ApprovalGiven: tuple(
            i.ApprovalGiven(call=name, verdict=verdict, remember="session")
            for name in calls
            for verdict in ("approved", "denied")
        ),
        i.QuestionReplied: tuple(
            i.QuestionReplied(question=name, text="That.") for name in calls
        ),
        i.CommandBegan: tuple(begun(name) for name in calls),
        i.CommandOver: tuple(over(name) for name in (*state.commands, "t9.9.9")),
    }
