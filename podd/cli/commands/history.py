"""`podctl history`: the conversation of a pod or session.

It is read from the journal, which a live pod writes line by line: so a pod that does
not answer, or has ended, tells its history too.
"""

from __future__ import annotations

import click

from podd.cli import naming
from podd.cli.completing import pods_and_sessions
from podd.cli.output import Output
from podd.cli.verb import Verb
from podd.paths import places


@click.command(cls=Verb, example="podctl history reviewer\npodctl history last --json")
@click.argument("name", metavar="NAME|SESSION", shell_complete=pods_and_sessions)
@click.pass_obj
def command(output: Output, name: str) -> None:
    """Print the conversation of a pod or session.

    Who said what, each tool call and its result in one line. With --json, every entry
    of the journal, whole. SESSION may be shortened, or be `last`.
    """
    from podd.cli.conversation import paragraphs
    from podd.journal.reader import read_entries

    directory = naming.session_meant(places(), name)
    entries = (entry for _, entry in read_entries(directory))
    if output.json:
        output.document(
            {
                "session": directory.session,
                "pod": directory.pod,
                "entries": list(entries),
            }
        )
        return
    said = False
    for text in paragraphs(entries):
        output.text(text)
        said = True
    if not said:
        output.say("nothing was said yet")
