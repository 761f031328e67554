"""A host that plays fair: it answers what it is asked, and nothing twice."""

from __future__ import annotations

import re

from podd.core.context.conversation import ToolResultItem, UserItem
from podd.core.pod.child import Child
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.pending import Outstanding, pending
from tests.core.turn.family import accepted, ended, gone, over, planned, read, ready
from tests.core.turn.histories import (
    accepted_texts,
    check_conversation,
    check_history,
    check_inputs,
)
from tests.core.turn.host import (
    RENDERED,
    RESTORED,
    RESUME,
    TEXTS,
    Host,
    block,
    call,
    code_over,
    finished,
)

#: How a command ended: with a crash, or by itself.
_COMMAND = re.compile(r"(?<=notification: )(t[\d.]+): .*")


def goes_on(host: Host, shown: i.SurfaceRendered = RENDERED) -> Host:
    """An honest host: whatever is asked is answered, whatever stops is taken up again.

    What it answers depends on the question alone, so two runs can be compared.
    """
    for _ in range(500):
        state = host.state
        if state.closed:
            host = host.crash()
            host.tell(RESTORED)
        elif state.surface is None:
            host.tell(shown)
        elif state.turn and state.turn.paused and not state.stopping:
            host.tell(RESUME)
        elif outstanding := pending(state):
            _answer(host, min(outstanding, key=_is_wait))
        elif not host.tell(i.Proceeded()).entries and not _others_go_on(host):
            return host
    raise AssertionError("it never comes to rest")


def _is_wait(asked: Outstanding) -> bool:
    return isinstance(asked, f.SetDeadline) and asked.deadline == "wait"


def _answer(host: Host, asked: Outstanding) -> None:
    match asked:
        case f.RunTool(name="spawn_pod"):
            _spawn(host, asked.call)
        case f.RunTool():
            host.tell(finished(asked.call, output=f"output of {asked.call}"))
        case f.SetDeadline(deadline="approval", call=name):
            host.tell(i.ApprovalGiven(call=name, verdict="approved"))
        case f.SetDeadline(deadline="question", call=name):
            host.tell(i.QuestionReplied(question=name, text=f"re {name}"))
        case f.SetDeadline(deadline=deadline, call=name):
            if not _others_go_on(host):
                host.tell(i.DeadlinePassed(deadline=deadline, call=name))
        case f.RunCode():
            told = f"output of {asked.turn}.{asked.step}"
            host.tell(code_over(asked.step, turn=asked.turn, output=told))
        case f.RequestModel() if _may_code(host) and asked.step == 1:
            host.answers(block())
        case f.RequestModel() if asked.offer_tools and asked.step == 1:
            parts = (call("read_file"), call("write_file"), call("?"))
            host.answers(f"{asked.turn}:", *parts)
        case f.RequestModel():
            host.answers(f"{asked.turn}.{asked.step} is done.")


def _may_code(host: Host) -> bool:
    turn = host.state.turn
    assert turn is not None
    return not host.settings.driver.offers_tools and not turn.last_step


def _spawn(host: Host, name: str) -> None:
    """As `spawn_pod` does: it goes on from where the journal says it is."""
    child = _made_by(host, name)
    if child is None:
        host.tell(planned(name, name))
        child = _made_by(host, name)
    assert child is not None
    short = child.session.removeprefix("s-")
    if child.stage == "intended":
        host.tell(ready(short))
    if not child.turns and not child.counted and child.stage == "made":
        host.tell(accepted(short, name))
    host.tell(finished(name))


def _made_by(host: Host, name: str) -> Child | None:
    found = (one for one in host.state.children.values() if one.call == name)
    return next(found, None)


def _others_go_on(host: Host) -> bool:
    """Children end their work and commands end; tells whether any was left."""
    open_calls = host.state.turn.calls if host.state.turn else {}
    for child in list(host.state.children.values()):
        name = child.session.removeprefix("s-")
        if child.stage == "intended" and child.call not in open_calls:
            host.tell(gone(name, "not_started"))
            return True
        if child.is_lent_to and child.turns:
            turn = child.turns[0]
            host.tell(read(host, ended(name, turn, f"{name} {turn} is done")))
            return True
    for command in host.state.commands:
        host.tell(over(command))
        return True
    return False


def outline(
    host: Host, unknown: set[str], *, lost_code: bool = False
) -> list[list[str]]:
    """The conversation, but for what a crash may change.

    Results of one answer may come in another order, and those in `unknown` differ; so
    does what became of code, if it was lost.
    """
    found: list[list[str]] = []
    for item, line in zip(host.state.conversation, host.texts(), strict=True):
        if item == _LOST:
            continue  # only a crash tells of it
        if isinstance(item, UserItem) and item.origin == "code":
            told = "?" if lost_code else line
            found.append([told])
            continue
        if not isinstance(item, ToolResultItem):
            found.append([_COMMAND.sub(r"\1 is over", line)])
            continue
        if not found or not found[-1][0].startswith("result "):
            found.append([])
        told = "?" if item.call in unknown else f"{item.status} {item.text}"
        found[-1].append(f"result {item.call}: {told}")
        found[-1].sort()
    return found


#: What a restored pod tells of the interpreter that died with the one before.
_LOST = UserItem(TEXTS.interpreter_lost, "notification")


def check_a_crash_costs_no_more_than_it_may(host: Host) -> None:
    """Attempts, the calls in flight, and commands; the conversation is the same."""
    if host.state.stopping is not None:
        return  # a drain takes nothing in, and a restore forgets the drain
    unknown = {
        one.call
        for one in pending(host.state)
        if isinstance(one, f.RunTool) and not one.repeatable
    }
    crashed, other = host.crash(), host.copy()
    crashed.tell(RESTORED)
    for command in list(other.state.commands):
        other.decide(over(command))  # the crash ended them all
    restored, continued = goes_on(crashed), goes_on(other)
    lost = any(isinstance(one, f.RunCode) for one in pending(host.state))
    assert outline(restored, unknown, lost_code=lost) == outline(
        continued, unknown, lost_code=lost
    )
    assert restored.state.turns_ended == continued.state.turns_ended
    assert restored.state.last_outcome == continued.state.last_outcome
    assert _below(restored) == _below(continued)


def _below(host: Host) -> list[tuple[object, ...]]:
    return [
        (one.session, one.stage, one.turns, one.report, one.told, one.usage)
        for one in host.state.children.values()
    ]


def check_every_prefix_goes_on(
    lived: Host, shown: i.SurfaceRendered = RENDERED
) -> None:
    """Wherever a journal is cut, a new process comes to rest with all work done."""
    for length in range(len(lived.entries) + 1):
        kept = lived.entries[:length]
        crashed = Host.restored(kept, lived.settings)
        crashed.tell(RESTORED)
        host = goes_on(crashed, shown)

        state = host.state
        assert state.turn is None
        assert state.queue == []
        assert not any(cause.wakes for cause in state.waiting)
        assert not any(one.is_lent_to and one.turns for one in state.children.values())
        assert not any(pod == state.pod for pod, _ in state.approvals)
        assert not any(pod == state.pod for pod, _ in state.questions)
        assert state.commands == {}
        check_history(host.entries, lived.settings)
        check_conversation(state)
        check_inputs(state, accepted_texts(host.entries))


def check_every_restore_is_a_going_on(lived: Host) -> None:
    """At every point of a history: restored and gone on is the same as gone on."""
    for length in range(1, len(lived.entries) + 1):
        host = Host.restored(lived.entries[:length], lived.settings)
        if host.state.surface is not None and not host.state.closed:
            check_a_crash_costs_no_more_than_it_may(host)
