"""One pod or more in each state of the machine, each with the facts that led there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from podd.core.context.request import Surface
from podd.core.permission import Permission
from podd.core.turn import inputs as i
from podd.core.turn.states import MachineState as S
from tests.core.turn.family_situations import FAMILY_SITUATIONS, facts_about
from tests.core.turn.host import (
    CODING,
    DRAIN,
    NOW,
    PAUSE,
    RENDERED,
    RESTORED,
    SETTINGS,
    Host,
    block,
    call,
    code_called,
    code_over,
    coding,
    finished,
    queued,
    response,
    steered,
    told,
    wants_object,
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


def _broken() -> Host:
    """An answer broke off, and is to be asked for again."""
    host = _asking()
    host.decide(
        i.ModelFailed(
            turn="t1", step=1, attempt=1, fault="cut", message="cut", began=True
        )
    )
    return host


def _unrun() -> Host:
    """The model has written code, which does not run yet."""
    host = Host.after(queued("work"), settings=CODING)
    answered(host, block())
    return host


def _refused() -> Host:
    """The answer lacks its value, and the model is to mend it."""
    settings = msgspec.structs.replace(SETTINGS, output_problem=wants_object)
    host = Host.after(queued("work"), settings=settings)
    answered(host, "Done.")
    host.decide(i.Proceeded())
    return host


def _half_done() -> Host:
    host = _calling()
    host.tell(finished("t1.1.1"))
    return host


def _code_announced() -> Host:
    """Code has asked for a tool, which was not begun yet."""
    return _told(coding(), code_called())


def _code_asking() -> Host:
    """Code waits for people, and for a tool; one call has its result."""
    settings = msgspec.structs.replace(
        CODING,
        permission=lambda tool, _: Permission(
            "ask" if tool == "write_file" else "allow"
        ),
    )
    host = coding("read_file", "write_file", "read_file", settings=settings)
    host.tell(finished("t1.1.1"))
    return host


def _submitted() -> Host:
    return _told(coding(), code_over(submitted=True, value=7))


def _late_code() -> Host:
    """The second step's code runs, and calls."""
    host = coding()
    host.tell(code_over())
    host.answers(block())
    host.tell(code_called(step=2))
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
    S.READY: (_ready(), _failed(), _broken(), _submitted(), _refused()),
    S.AWAITING_MODEL: (_asking(), _asking_again(), _last_step()),
    S.AWAITING_TOOLS: (_calling(), _half_done(), _announced()),
    S.AWAITING_CODE: (
        coding(),
        coding("read_file", "write_file"),
        _code_announced(),
        _code_asking(),
        _late_code(),
    ),
    S.ANSWERED: (_answered(), _unrun()),
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
    S.PAUSED_AWAITING_CODE: (
        _told(coding(), PAUSE),
        _told(_code_announced(), PAUSE),
        _told(_code_asking(), PAUSE),
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
    S.DRAINING_AWAITING_CODE: (
        _told(coding(), DRAIN),
        _told(coding("read_file"), PAUSE, DRAIN),
        _told(_code_asking(), DRAIN),
    ),
    S.CLOSED: (
        Host.after(DRAIN),
        Host.after(NOW),
        _told(_calling(), NOW),
        _told(_asking(), NOW),
        _told(_code_asking(), NOW),
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
    block_of = {"turn": about["turn"], "step": about["step"]}
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
        i.RewindRequested: (i.RewindRequested(to="start"),),
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
        i.SurfaceConfigured: (
            i.SurfaceConfigured(
                surface=Surface(model="n", system="", tools=()), manifest={"pod": {}}
            ),
        ),
        i.ModelAnswered: (
            i.ModelAnswered(**about, response=response("Done.")),
            i.ModelAnswered(**about, response=response(*_BOTH)),
        ),
        i.ModelFailed: (
            i.ModelFailed(**about, fault="cut", message="cut", partial="Do"),
            i.ModelFailed(**about, fault="cut", message="cut", began=True),
        ),
        i.ToolFinished: tuple(finished(name) for name in {*begun, "t1.1.1", "t9.9.9"}),
        i.CodeCalled: tuple(
            code_called(name=name, **where)
            for name in ("read_file", "rm")
            for where in (block_of, {**block_of, "step": 9})
        ),
        i.CodeFinished: (
            code_over(**block_of),
            code_over(**block_of, submitted=True, value=7),
            code_over(**block_of, status="error", lost=True),
            code_over(**{**block_of, "step": 9}),
        ),
        i.Proceeded: (i.Proceeded(),),
        **facts_about(host),
    }
