"""`podctl status`: what one pod is doing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from podd.cli.columns import fit
from podd.cli.completing import pods
from podd.cli.duration import short, since
from podd.cli.logfile import tail
from podd.cli.naming import live_pod
from podd.cli.output import Output, columns
from podd.cli.rendering import usage_words
from podd.cli.verb import Verb
from podd.errors import PodNotAnsweringError
from podd.paths import places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podd_protocol.replies import StatusReply

#: How many of the last log lines are shown: what fits below the rest.
LOG_LINES: Final = 5


@click.command(cls=Verb, example="podctl status reviewer")
@click.argument("name", shell_complete=pods)
@click.pass_obj
def command(output: Output, name: str) -> None:
    """Show what a pod is doing.

    Its state, the tool calls that run and since when, what waits, what was spent, what
    it may touch, and the last lines of its log.
    """
    from podd.cli.logline import readable

    where = places()
    found = live_pod(where, name, output.timeout_seconds)
    log = where.log_file(name)
    if found.status is None:
        raise PodNotAnsweringError(
            pod=name, reason="it took the connection and said nothing", log=str(log)
        )
    lines = tail(log, LOG_LINES)
    if output.json:
        output.document(
            _document(found.status)
            | {"socket": str(found.socket), "log": {"path": str(log), "lines": lines}}
        )
        return
    for label, text in _facts(found.status):
        output.text(f"{label:<9}{text}")
    output.text(f"{'socket':<9}{found.socket}")
    output.text(f"{'log':<9}{log}")
    width = columns(sys.stdout) - 2 if sys.stdout.isatty() else None
    for line in map(readable, lines):
        output.text(f"  {line if width is None else fit(line, width)}")


def _document(status: StatusReply) -> dict[str, Any]:
    import msgspec

    fields: dict[str, Any] = msgspec.to_builtins(status)
    del fields["reply"], fields["id"]
    calls = [
        call | {"age_seconds": round(since(call["since"]), 3)}
        for call in fields["tool_calls"]
    ]
    return {"name": status.pod} | fields | {"tool_calls": calls}


def _facts(status: StatusReply) -> Iterator[tuple[str, str]]:
    """Label and text of each line; what there is none of is left out."""
    age = short(since(status.started_at))
    yield "pod", f"{status.pod}, pid {status.pid}, up for {age}"
    doing: str = status.state
    if status.turn is not None:
        doing += f", turn {status.turn}"
    if status.step:  # 0: the turn is open, and nothing was asked yet
        doing += f", step {status.step}"
    yield "state", doing
    for call in status.tool_calls:
        yield "tool", f"{call.name} for {short(since(call.since))}"
    for waiting in status.queue:
        yield "queued", f"{waiting.turn}: {waiting.text}"
    yield "model", status.model
    yield "session", status.session
    yield "workdir", status.workdir
    scope = status.scope
    for label, paths in (
        ("reads", scope.read),
        ("writes", scope.write),
        ("read-only", scope.read_only),
        ("hidden", scope.hidden),
        ("lent", scope.lent),
    ):
        if paths:
            yield label, " ".join(paths)
    if scope.mode != "enforce":
        yield "mode", f"{scope.mode}: the scope is not enforced"
    requests = status.usage.requests
    yield "used", f"{usage_words(status.usage)}, {requests} requests"
    if status.storage != "ok":
        yield "storage", "the disk is full: it takes no work until there is room"
