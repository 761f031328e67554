"""`podctl pause`: keep a pod's turn and begin nothing new."""

from __future__ import annotations

import click

from podd.cli.completing import pods
from podd.cli.output import Output
from podd.cli.verb import Verb


@click.command(cls=Verb, example="podctl pause reviewer")
@click.argument(
    "names", metavar="NAME...", nargs=-1, required=True, shell_complete=pods
)
@click.pass_obj
def command(output: Output, names: tuple[str, ...]) -> None:
    """Keep a pod's turn and begin nothing new.

    podctl resume goes on with it, also after the pod has ended and come back.
    """
    from podd.cli.reaching import reach
    from podd.paths import places
    from podd_protocol.requests import Pause

    for name in names:
        with reach(places(), name, output) as connection:
            connection.ask(Pause(id=0))
        output.say(f"{name} is paused; podctl resume {name} goes on")
    if output.json:
        output.document({"paused": list(names)})
