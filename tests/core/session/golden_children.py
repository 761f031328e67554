"""The golden journal of a pod with children, commands and people to ask.

    python -m tests.core.session.golden_children > .../golden/format-1-children.jsonl

Its entries came after the first podd of format 1, so it lies beside that one's.
"""

from __future__ import annotations

import sys

import msgspec

from podd.core.scope.rules import Rule, Scope
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd_protocol.values import Limited
from tests.core.session.golden_journal import chained
from tests.core.turn.family import (
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
    resolved_below,
    spawn,
    too_late,
    wait,
    wants,
    working,
)
from tests.core.turn.host import RESTORED, Host, call, finished


def story() -> list[e.AnyEntry]:
    """A session in which everything happens that children and people can do."""
    host = working()
    spawn(host, "a", "b")
    _ask_people(host)
    _hear_of_children(host)
    _lose_a_child(host)
    host = host.crash()
    host.tell(RESTORED)
    _leave_much_open(host)
    return host.entries


def _ask_people(host: Host) -> None:
    host.answers(
        wait("a", "b", timeout_seconds=30.5),
        bash("rm x"),
        bash("rm y"),
        ask("ask_user", "Which one?", "left", "right"),
        ask("ask_parent", "May I?"),
    )
    host.tell(
        i.ApprovalGiven(
            call="t1.2.2", verdict="approved", remember="session", reason="just that"
        )
    )
    host.tell(begun("t1.2.2"))
    change = i.FileChange(path="/w/c", change="created", before=None, after="b" * 64)
    host.tell(finished("t1.2.2", changes=(change,)))
    host.tell(too_late("approval", "t1.2.3"))
    host.tell(i.QuestionReplied(question="t1.2.4", text="left"))
    host.tell(too_late("question", "t1.2.5"))


def _hear_of_children(host: Host) -> None:
    _, report = ended("a", text="Half.", outcome=Limited(limit="steps"))
    full = msgspec.structs.replace(report, value={"x": 1}, files=("/w/a/f",))
    host.tell(
        read(
            host,
            ("a", news("spawned", "a.x", lent=("/w/a/x",), task="Dig.")),
            ("a", news("started", "a.x")),
            wants("a", "a.x"),
            resolved_below("a", "a.x"),
            wants("a", "a.x", "t1.2.1"),
            ("a", full),
            ("b", news("paused", "b")),
            ("b", news("resumed", "b")),
        )
    )
    host.tell(read(host, asks("b", text="Left or right?")))
    host.answers("I see.", call("send_to_pod"))
    host.tell(finished("t1.3.1"))
    host.tell(read(host, answered_below("b")))


def _lose_a_child(host: Host) -> None:
    assumed = i.AssumedLoan(
        pod="p.a.x", session="s-a.x", scope=Scope((Rule("/w/a/x", "write"),))
    )
    host.tell(gone("a", "crashed", message="killed", assumed=(assumed,)))
    host.answers("That is bad.")
    host.answers("I wait.")
    host.tell(over("t1.2.2", end="signalled", status=9, reason="memory"))
    host.answers("That, too.", call("bash"))
    host.tell(begun("t5.1.1"))
    host.tell(finished("t5.1.1"))


def _leave_much_open(host: Host) -> None:
    host.answers(
        wait("b", "a.x", until="any"),
        bash("rm z"),
        ask("ask_user", "Go on?"),
        call("spawn_pod"),
        bash("rm x"),
    )
    turn = host.state.turn
    assert turn is not None
    host.tell(planned("c", f"{turn.turn}.{turn.step}.4"))
    host.tell(read(host, asks("a.x", "t2.1.1", to="user"), wants("b", call="t2.1.1")))


if __name__ == "__main__":
    sys.stdout.buffer.writelines(chained(story()))
