"""One pod or more in each state of the machine, each with the facts that led there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from podd.core.context.request import Surface
from podd.core.turn import inputs as i
from podd.core.turn.states import MachineState as S
from tests.core.turn.family_situations import FAMILY_SITUATIONS, facts_about
from tests.core.turn.host import (
    DRAIN,
    NOW,
    PAUSE,
    RENDERED,
    RESTORED,
    Host,
    call,
    finished,
    queued,
    response,
    steered,
    told,
)

_BOTH: Final = (call("read_file"), call("write_file", '{"path":"a"}'))


def _ready() -> Host:
    host = Host.after()
    host.decide(queued("work"))
    host.decide(i.Proceeded())
    return host


def _asking() -> Host:
    return Host.after(queued("work"))


def _asking_again() -> Host:
    host = _asking().crash()
    host.tell(RESTORED)
    return host


def _calling() -> Host:
    host = _asking()
    host.answers("Let me see.", *_BOTH)
    return host


def _announced() -> Host:
    """The model has asked for calls and none was begun yet."""
    host = _asking()
    answered(host, "Let me see.", *_BOTH)
    return host


def _answered() -> Host:
    host = _asking()
    answered(host, "Done.")
    return host


def answered(host: Host, *parts) -> None:
    """The model's answer alone, before anything follows from it."""
    turn = host.state.turn
    assert turn is not None
    host.decide(
        i.ModelAnswered(
            turn=turn.turn,
            step=turn.step,
            attempt=turn.attempt,
            response=response(*parts),
        )
    )


def _told(host: Host, *facts: i.Input) -> Host:
    """With these facts, none of which is followed by `Proceeded`."""
    for fact in facts:
        host.decide(fact)
    return host


def _last_step() -> Host:
    host = _asking()
    for _ in range(3):
        host.answers(call("read_file"))
        assert host.state.turn is not None
        host.tell(finished(f"t1.{host.state.turn.step}.1"))
    return host


def _failed() -> Host:
    host = _asking()
    host.decide(i.ModelFailed(turn="t1", step=1, attempt=1, fault="cut", message="cut"))
    return host


def _half_done() -> Host:
    host = _calling()
    host.tell(finished("t1.1.1"))
    return host


_ALONE: Final[Mapping[S, tuple[Host, ...]]] = {
    S.IDLE: (
        Host(),
        Host.after(),
        Host.after(told("for later")),
        Host.after(queued("failing"), i.CancelRequested(by="user")),
    ),
    S.WAKING: (
        _told(Host.after(), queued("work")),
        _told(Host.after(), steered("work")),
        _told(Host.after(), told("look", wake=True)),
        _told(Host(), RESTORED, queued("first"), queued("second")),
    ),
    S.READY: (_ready(), _failed()),
    S.AWAITING_MODEL: (_asking(), _asking_again(), _last_step()),
    S.AWAITING_TOOLS: (_calling(), _half_done(), _announced()),
    S.ANSWERED: (_answered(),),
    S.PAUSED: (
        _told(_ready(), PAUSE),
        _told(_asking(), PAUSE),
        _told(_answered(), PAUSE),
        _told(_asking(), PAUSE, steered("more")),
    ),
    S.PAUSED_AWAITING_TOOLS: (
        _told(_calling(), PAUSE),
        _told(_announced(), PAUSE),
        _told(_half_done(), PAUSE),
    ),
    S.DRAINING_IDLE: (
        _told(Host.after(), DRAIN),
        _told(Host.after(), queued("never begun"), DRAIN),
    ),
    S.DRAINING: (
        _told(_ready(), DRAIN),
        _told(_answered(), DRAIN),
        _told(_asking(), PAUSE, DRAIN),
    ),
    S.DRAINING_AWAITING_MODEL: (_told(_asking(), DRAIN), _told(_last_step(), DRAIN)),
    S.DRAINING_AWAITING_TOOLS: (
        _told(_calling(), DRAIN),
        _told(_announced(), DRAIN),
        _told(_announced(), PAUSE, DRAIN),
        _told(_half_done(), PAUSE, DRAIN),
    ),
    S.CLOSED: (
        Host.after(DRAIN),
        Host.after(NOW),
        _told(_calling(), NOW),
        _told(_asking(), NOW),
    ),
}
SITUATIONS: Final[Mapping[S, tuple[Host, ...]]] = {
    state: (*FAMILY_SITUATIONS.get(state, ()), *hosts)
    for state, hosts in _ALONE.items()
}
"""Take a copy before telling one of these anything."""


def facts_for(host: Host) -> Mapping[type[i.Input], tuple[i.Input, ...]]:
    """A fact of each kind that fits: results are about what is, or was, outstanding."""
    turn = host.state.turn
    about = (
        {"turn": "t1", "step": 1, "attempt": 1}
        if turn is None
        else {"turn": turn.turn, "step": turn.step, "attempt": turn.attempt}
    )
    begun = [
        one.call
        for one in (turn.calls.values() if turn is not None else ())
        if one.started_at is not None
    ]
    return {
        i.InputQueued: (queued("more", key="q"),),
        i.InputSteered: (steered("also"),),
        i.InputOffered: (i.InputOffered(text="if you have time"),),
        i.NotificationSent: (told("by the way"), told("wake up", wake=True)),
        i.PauseRequested: (PAUSE,),
        i.ResumeRequested: (i.ResumeRequested(),),
        i.CancelRequested: (i.CancelRequested(by="parent"),),
        i.StopAsked: (DRAIN, NOW),
        i.PodRestored: (RESTORED,),
        i.SurfaceRendered: (
            RENDERED,
            i.SurfaceRendered(
                surface=Surface(model="n", system="", tools=()),
                cause="manifest_given",
                manifest={"pod": {}},
            ),
        ),
        i.ModelAnswered: (
            i.ModelAnswered(**about, response=response("Done.")),
            i.ModelAnswered(**about, response=response(*_BOTH)),
        ),
        i.ModelFailed: (
            i.ModelFailed(**about, fault="cut", message="cut", partial="Do"),
        ),
        i.ToolFinished: tuple(finished(name) for name in begun or ["t1.1.1"]),
        i.Proceeded: (i.Proceeded(),),
        **facts_about(host),
    }
