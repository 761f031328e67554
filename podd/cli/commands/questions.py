"""`podctl questions`: what models want to know."""

from __future__ import annotations

import click

from podd.cli.completing import pods
from podd.cli.output import Output
from podd.cli.verb import Verb


@click.command(cls=Verb, example="podctl questions\npodctl questions planner --json")
@click.argument("name", required=False, shell_complete=pods)
@click.pass_obj
def command(output: Output, name: str | None) -> None:
    """List the questions that wait for an answer.

    Of NAME and the pods below it, or of all live pods. A question to a pod's parent is
    one that its model will answer; you may be faster.
    """
    from podd.cli.asked import document, questions, waiting_in
    from podd.cli.asking_words import choice_words, how_to_answer
    from podd.cli.duration import short, since
    from podd.paths import places

    found = questions(waiting_in(places(), name, output))
    if output.json:
        output.document({"questions": document(found)})
        return
    if not found:
        output.say("no question waits for an answer")
        return
    for one in found:
        whom = ", to its parent" if one.to == "parent" else ""
        output.text(f"{one.pod}  {one.question}, for {short(since(one.since))}{whom}")
        for line in one.text.strip().splitlines():
            output.text(f"  {line}")
        if one.choices:
            output.text(f"  [{choice_words(one.choices)}]")
    output.say(how_to_answer(found[0]))
