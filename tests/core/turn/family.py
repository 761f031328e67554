"""A pod that has children, commands and people to ask, and what it is told of them.

`p` is the pod under test; its child `a` is `p.a`, in the session `s-a`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from podd.core.context.request import Surface, ToolSpec
from podd.core.permission import Permission
from podd.core.pod.child import Child
from podd.core.scope.rules import Rule, Scope
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.settings import Settings
from podd_protocol.values import ChildEnd, Completed, Outcome, Usage
from tests.core.turn.host import RESTORED, TEXTS, Heard, Host, call, finished

TOOLS = (
    *("read_file", "write_file", "bash", "spawn_pod", "send_to_pod"),
    *("wait_pods", "stop_pod", "ask_user", "ask_parent"),
)
SHOWN = i.SurfaceRendered(
    surface=Surface(
        model="m",
        system="You are a test.",
        tools=tuple(ToolSpec(name, "Works.", {"type": "object"}) for name in TOOLS),
    ),
    cause="started",
)
SPENT = Usage(input_tokens=100, output_tokens=10, requests=1)


def rules(tool: str, arguments: Mapping[str, Any]) -> Permission:
    """People are asked about `bash`, but for `sudo`, which nobody may use."""
    command = str(arguments.get("command", ""))
    if tool != "bash" or not command:
        return Permission("allow")
    if command.startswith("sudo"):
        return Permission("deny", "rule 1", command)
    return Permission("ask", "rule 2", command)


SETTINGS = Settings(
    max_steps=5,
    repeatable={"read_file", "spawn_pod", "stop_pod"},
    texts=TEXTS,
    permission=rules,
    wait_seconds=60.0,
    parent="boss",
)
ROOT = msgspec.structs.replace(SETTINGS, parent=None)


def family(*facts: i.Input, settings: Settings = SETTINGS) -> Host:
    """A pod with all the tools that was told these facts."""
    host = Host(settings=settings)
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
    for fact in (RESTORED, SHOWN, *facts):
        host.tell(fact)
    return host


def working(*facts: i.Input, settings: Settings = SETTINGS) -> Host:
    """The same, with a request to its model outstanding."""
    return family(i.InputQueued(text="work"), *facts, settings=settings)


# Calls


def bash(command: str = "rm x"):
    return call("bash", f'{{"command":"{command}"}}')


def wait(*names: str, until: str = "all", **more):
    arguments = {"names": names, "until": until, **more}
    return call("wait_pods", msgspec.json.encode(arguments).decode())


def ask(who: str = "ask_user", question: str = "Why?", *choices: str):
    arguments = {"question": question, "choices": choices}
    return call(who, msgspec.json.encode(arguments).decode())


def result_of(heard: Heard) -> e.ToolResulted:
    """The one result that a fact led to."""
    (found,) = [one for one in heard.entries if isinstance(one, e.ToolResulted)]
    return found


# Deadlines


def until_approved(name: str, seconds: float = 60.0) -> f.SetDeadline:
    return f.SetDeadline(deadline="approval", seconds=seconds, call=name)


def until_answered(name: str, seconds: float = 60.0) -> f.SetDeadline:
    return f.SetDeadline(deadline="question", seconds=seconds, call=name)


def until_done(name: str, seconds: float = 600.0) -> f.SetDeadline:
    return f.SetDeadline(deadline="wait", seconds=seconds, call=name)


def too_late(deadline: i.Deadline, name: str) -> i.DeadlinePassed:
    return i.DeadlinePassed(deadline=deadline, call=name)


# Loans


def planned(name: str, by: str) -> i.LoanPlanned:
    """The call `by` is about to lend to the child `name`."""
    return i.LoanPlanned(
        call=by,
        pod=f"p.{name}",
        session=f"s-{name}",
        scope=Scope((Rule(f"/w/{name}", "write"), Rule("/w", "read"))),
        token=f"token-{name}",
        task=f"Do {name}.\nWell.",
    )


def ready(name: str) -> i.ChildReady:
    return i.ChildReady(session=f"s-{name}")


def accepted(name: str, by: str, turn: str = "t1") -> i.TaskAccepted:
    return i.TaskAccepted(session=f"s-{name}", call=by, turn=turn)


def gone(name: str, end: ChildEnd = "stopped", **more) -> i.ChildGone:
    return i.ChildGone(session=f"s-{name}", end=end, **more)


def spawn(host: Host, *names: str) -> Heard:
    """The model spawns these children, all at once, and each takes its task."""
    heard = host.answers(*(call("spawn_pod") for _ in names))
    calls = [one.call for one in heard.effects if isinstance(one, f.RunTool)]
    for name, by in zip(names, calls, strict=True):
        for fact in (planned(name, by), ready(name), accepted(name, by)):
            assert host.tell(fact).decision.verdict == "take"
    for by in calls:
        heard = host.tell(finished(by))
    return heard


def parent_of(*names: str, settings: Settings = SETTINGS) -> Host:
    """A pod whose model has spawned these children and is asked for step 2."""
    host = working(settings=settings)
    spawn(host, *names)
    return host


def idle_parent_of(*names: str) -> Host:
    """The same, after it has said its last word."""
    host = parent_of(*names)
    host.answers("Begun.")
    return host


def child(host: Host, name: str) -> Child:
    return host.state.children[f"s-{name}"]


def waiting_for(*names: str, until: str = "all", **more) -> Host:
    """A parent of these children that waits for all of them, in step 2."""
    host = parent_of(*names)
    heard = host.answers(wait(*names, until=until, **more))
    assert heard.kinds == ["model_responded", "tool_started"]
    return host


# What is read of children


def read(host: Host, *facts: tuple[str, object]) -> i.ChildrenRead:
    """Each fact as the next event of the child it was read of."""
    upto: dict[str, int] = {}
    found = []
    for name, fact in facts:
        session = f"s-{name}"
        known = host.state.children[session].upto
        upto[session] = upto.get(session, known) + 1
        found.append(i.ChildRead(via=session, upto=upto[session], fact=fact))
    return i.ChildrenRead(read=tuple(found))


def news(kind: str, name: str, **fields) -> i.BelowNews:
    """What became of a pod: `a`, or `a.x` below it."""
    parent = f"p.{name}".rpartition(".")[0]
    return i.BelowNews(
        news=kind,
        pod=f"p.{name}",
        session=f"s-{name}",
        **{"parent": parent, **fields},
    )


def ended(
    name: str, turn: str = "t1", text: str = "Done.", outcome: Outcome | None = None
) -> tuple[str, i.BelowNews]:
    """A turn of a child has ended."""
    fact = news(
        "turn_ended",
        name,
        turn=turn,
        outcome=outcome or Completed(),
        text=text,
        usage=SPENT,
    )
    return name, fact


def asks(
    name: str, question: str = "t1.1.1", text: str = "Which?", to: str = "parent"
) -> tuple[str, i.BelowQuestion]:
    """A child asks."""
    fact = i.BelowQuestion(
        pod=f"p.{name}",
        question=question,
        text=text,
        choices=(),
        to=to,
        wait_seconds=60.0,
    )
    return name, fact


def answered_below(name: str, question: str = "t1.1.1") -> tuple[str, i.BelowAnswered]:
    return name, i.BelowAnswered(
        pod=f"p.{name}", question=question, text="That.", by="user"
    )


def wants(
    name: str, of: str | None = None, call: str = "t1.1.1"
) -> tuple[str, i.BelowApproval]:
    """A child wants a call approved; `of`: a pod below it does, which it tells."""
    return name, i.BelowApproval(
        pod=f"p.{of or name}",
        call=call,
        name="bash",
        arguments="{}",
        reason="rule 9",
        wait_seconds=60.0,
    )


def resolved_below(
    name: str, of: str | None = None, call: str = "t1.1.1"
) -> tuple[str, i.BelowResolved]:
    return name, i.BelowResolved(
        pod=f"p.{of or name}",
        call=call,
        verdict="approved",
        by="user",
        remember="session",
        reason="",
    )


# Commands


def begun(name: str) -> i.CommandBegan:
    return i.CommandBegan(call=name, text="make", output=f"/outputs/{name}")


def over(name: str, **more) -> i.CommandOver:
    return i.CommandOver(**{"command": name, "end": "exited", "status": 0, **more})


def running_command() -> Host:
    """A pod with a command in the background, asked for step 2."""
    host = working()
    host.answers(call("bash"))
    host.tell(begun("t1.1.1"))
    host.tell(finished("t1.1.1"))
    return host
