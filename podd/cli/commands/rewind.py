"""`podctl rewind`: go back in a pod's conversation."""

from __future__ import annotations

import click

from podd.cli.completing import pods
from podd.cli.output import Output
from podd.cli.verb import Verb


@click.command(
    cls=Verb, example="podctl rewind reviewer t3\npodctl rewind reviewer start"
)
@click.argument("name", metavar="NAME", shell_complete=pods)
@click.argument("turn", metavar="TURN")
@click.pass_obj
def command(output: Output, name: str, turn: str) -> None:
    """Go back in a pod's conversation.

    It becomes what it was when TURN had ended; `start` clears it. The files stay as
    they are: those that file tools have changed since are printed. podctl session show
    lists the turns. Nothing is lost: podctl history still has it all.
    """
    from podd.cli.reaching import reach
    from podd.cli.rendering import rewound_words
    from podd.paths import places
    from podd_protocol.requests import Rewind

    with reach(places(), name, output) as connection:
        files = connection.ask(Rewind(id=0, to=turn)).files_changed_since or []
    if output.json:
        output.document({"pod": name, "to": turn, "files_changed_since": files})
        return
    output.say(f"{name} is back at {rewound_words(turn)}")
    if files:
        output.say("these files were changed since and stay as they are:")
    for path in files:
        output.text(path)
