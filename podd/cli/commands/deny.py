"""`podctl deny`: refuse a call that waits for people."""

from __future__ import annotations

import click

from podd.cli.completing import pods
from podd.cli.output import Output
from podd.cli.verb import Verb
from podd_protocol.values import Remember


@click.command(
    cls=Verb,
    example=(
        "podctl deny reviewer\n"
        'podctl deny planner.left t3.1.1 --reason "push to the fork instead"'
    ),
)
@click.argument("name", shell_complete=pods)
@click.argument("call", required=False)
@click.option(
    "--remember",
    type=click.Choice(["once", "session"]),
    default="once",
    show_default=True,
    help="For this call, or for equal ones to the end of the session.",
)
@click.option("--reason", help="The model reads it.")
@click.pass_obj
def command(
    output: Output, name: str, call: str | None, remember: Remember, reason: str | None
) -> None:
    """Refuse a call that waits for people.

    NAME is the pod that asks, or any above it. CALL may be left out if only one waits;
    podctl approvals lists them. The turn goes on, and the model knows.
    """
    from podd.cli.deciding import decide

    decide(output, name, call, verdict="denied", remember=remember, reason=reason)
