"""`podctl log`: what a pod wrote for its developers."""

from __future__ import annotations

import time

import click

from podd.cli.completing import known_pods
from podd.cli.logfile import follow, tail
from podd.cli.naming import is_pod_name
from podd.cli.output import Output
from podd.cli.verb import Verb
from podd.errors import NoSuchError, TimedOutError
from podd.paths import places

#: What fits on a screen, with room for the prompt.
LINES = 40


@click.command(cls=Verb, example="podctl log reviewer -f -n 100")
@click.argument("name", shell_complete=known_pods)
@click.option(
    "-f", "--follow", "following", is_flag=True, help="Print lines as they come."
)
@click.option(
    "-n",
    "--lines",
    "count",
    type=click.IntRange(min=0),
    default=LINES,
    show_default=True,
    help="How many of the last lines.",
)
@click.pass_obj
def command(output: Output, name: str, following: bool, count: int) -> None:
    """Print the developer's log of a pod.

    Calls of its model are not in it: with agent.trace = true in the manifest they are
    in traces.jsonl of the session. The log of an ended pod stays. With -f, Ctrl-C
    leaves; with --json, each line is an object.
    """
    if not is_pod_name(name):
        raise NoSuchError(what="pod", name=name)
    path = places().log_file(name)
    if not path.exists() and not places().pod(name).exists():
        raise NoSuchError(what="pod", name=name, hint=f"no log lies at {path}")
    if not following:
        for line in tail(path, count):
            _show(output, name, line)
        return
    limit = output.timeout_seconds
    until = None if limit is None else time.monotonic() + limit
    for line in follow(path, count, until):
        _show(output, name, line)
    raise TimedOutError(what=f"following {path}", seconds=limit or 0.0)


def _show(output: Output, pod: str, line: str) -> None:
    if not output.json:
        output.text(line)
        return
    import msgspec

    output.stream_line(msgspec.json.encode({"pod": pod, "line": line}))
