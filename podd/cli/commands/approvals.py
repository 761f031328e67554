"""`podctl approvals`: the calls that wait for people."""

from __future__ import annotations

import click

from podd.cli.completing import pods
from podd.cli.output import Output
from podd.cli.verb import Verb


@click.command(cls=Verb, example="podctl approvals\npodctl approvals planner --json")
@click.argument("name", required=False, shell_complete=pods)
@click.pass_obj
def command(output: Output, name: str | None) -> None:
    """List the calls that wait for people.

    Of NAME and the pods below it, or of all live pods: who asks, what it wants to run,
    which rule wants people asked, and since when.
    """
    from podd.cli.asked import approvals, document, waiting_in
    from podd.cli.duration import short, since
    from podd.cli.rendering import call_words
    from podd.paths import places

    found = approvals(waiting_in(places(), name, output))
    if output.json:
        output.document({"approvals": document(found)})
        return
    if not found:
        output.say("no call waits for people")
        return
    rows = [
        (
            one.pod,
            one.call,
            call_words(one.name, one.arguments),
            one.reason or "-",
            short(since(one.since)),
        )
        for one in found
    ]
    output.table(("POD", "CALL", "WANTS TO RUN", "BECAUSE", "FOR"), rows)
    first = found[0]
    output.say(f"podctl approve {first.pod} {first.call}, or podctl deny")
