"""`podctl cancel`: end the turn of a pod."""

from __future__ import annotations

import click

from podd.cli.completing import pods
from podd.cli.output import Output
from podd.cli.verb import Verb


@click.command(cls=Verb, example="podctl cancel reviewer")
@click.argument(
    "names", metavar="NAME...", nargs=-1, required=True, shell_complete=pods
)
@click.option("--reason", help="For the journal.")
@click.pass_obj
def command(output: Output, names: tuple[str, ...], reason: str | None) -> None:
    """End the turn of a pod.

    The pod stays and takes up what waits in its queue. What its tools have done stays
    done.
    """
    from podd.cli.reaching import reach
    from podd.paths import places
    from podd_protocol.requests import Cancel

    for name in names:
        with reach(places(), name, output) as connection:
            connection.ask(Cancel(id=0, reason=reason))
        output.say(f"the turn of {name} is cancelled")
    if output.json:
        output.document({"cancelled": list(names)})
