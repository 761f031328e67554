"""`podctl status`: what one pod is doing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from podd.cli.columns import fit
from podd.cli.completing import pods
from podd.cli.duration import since
from podd.cli.facts import LABEL_WIDTH, facts
from podd.cli.logfile import tail
from podd.cli.naming import live_pod
from podd.cli.output import Output, columns
from podd.cli.verb import Verb
from podd.errors import PodNotAnsweringError
from podd.paths import places

if TYPE_CHECKING:
    from podd_protocol.replies import StatusReply

#: How many of the last log lines are shown: what fits below the rest.
LOG_LINES: Final = 5


@click.command(cls=Verb, example="podctl status reviewer")
@click.argument("name", shell_complete=pods)
@click.pass_obj
def command(output: Output, name: str) -> None:
    """Show what a pod is doing.

    Its state, the tool calls that run and since when, what waits for people, its
    children and background commands, what was spent, what it may touch and has lent,
    and the last lines of its log.
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
    for label, text in facts(found.status):
        output.text(f"{label:<{LABEL_WIDTH}}{text}")
    output.text(f"{'socket':<{LABEL_WIDTH}}{found.socket}")
    output.text(f"{'log':<{LABEL_WIDTH}}{log}")
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
