"""`podctl events`: follow what a pod does."""

from __future__ import annotations

import click

from podd.cli.completing import pods
from podd.cli.output import Output
from podd.cli.verb import Verb


@click.command(
    cls=Verb,
    example="podctl events reviewer\npodctl events reviewer --after 0 --json",
)
@click.argument("name", shell_complete=pods)
@click.option(
    "--after",
    type=click.IntRange(min=0),
    metavar="SEQ",
    help="From the event behind this one; 0 is the beginning. Default: from now.",
)
@click.pass_obj
def command(output: Output, name: str, after: int | None) -> None:
    """Follow what a pod does.

    A line an event, until the pod ends or Ctrl-C. With --json each is as on the wire,
    deltas included, with the pod's name.
    """
    from podd.cli.reaching import reach
    from podd.cli.views import EventLines, JsonLines
    from podd.paths import places
    from podd_protocol.requests import Subscribe

    with reach(places(), name, output) as connection:
        start = connection.welcome.seq if after is None else after
        connection.ask(Subscribe(id=0, after=start))
        view = JsonLines(output, name) if output.json else EventLines(output)
        for heard in connection.events(output.timeout_seconds):
            view.hear(heard)
    output.say(f"{name} has ended; podctl resume {name} brings it back")
