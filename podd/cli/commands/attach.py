"""`podctl attach`: see what a pod did and does, and talk to it."""

from __future__ import annotations

import click

from podd.cli.completing import pods
from podd.cli.output import Output
from podd.cli.verb import Verb


@click.command(cls=Verb, example="podctl attach reviewer")
@click.argument("name", shell_complete=pods)
@click.pass_obj
def command(output: Output, name: str) -> int:
    """See what a pod did and does, and talk to it.

    Type, and Enter gives it to the pod: as work where it is idle, into the running turn
    else; Alt-Enter lets it wait in line. What asks for you is answered in place. Ctrl-C
    cancels the turn, Ctrl-D leaves, /help says more. The pod goes on without you.
    """
    from podd.cli.attached.attaching import attach
    from podd.paths import places

    return attach(places(), name, output)
