"""`podctl notify`: tell a pod something that is not an order."""

from __future__ import annotations

import click

from podd.cli.completing import pods
from podd.cli.output import Output
from podd.cli.verb import Verb


@click.command(
    cls=Verb, example='podctl notify reviewer "main was merged into your branch"'
)
@click.argument("name", shell_complete=pods)
@click.argument("text")
@click.option(
    "--no-wake", is_flag=True, help="An idle pod learns of it with its next turn."
)
@click.pass_obj
def command(output: Output, name: str, text: str, no_wake: bool) -> None:
    """Tell a pod something that is not an order.

    A running turn takes it in at its next checkpoint; an idle pod wakes up. TEXT may be
    - for stdin.
    """
    import uuid

    from podd.cli.prompt import prompt_of
    from podd.cli.reaching import reach
    from podd.paths import places
    from podd_protocol.requests import Notify

    message = prompt_of(text, what="TEXT")
    with reach(places(), name, output) as connection:
        accepted = connection.ask(
            Notify(id=0, message=message, wake=not no_wake, key=uuid.uuid4().hex)
        )
    if output.json:
        output.document({"accepted": {"pod": name, "cause": accepted.cause}})
    else:
        output.say(f"{name} was told")
