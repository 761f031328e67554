"""`podctl answer`: answer a question that a model asked."""

from __future__ import annotations

import click

from podd.cli.completing import pods
from podd.cli.output import Output
from podd.cli.verb import Verb
from podd.errors import UsageError

#: QUESTION and TEXT.
_BOTH = 2


@click.command(
    cls=Verb,
    example=(
        'podctl answer reviewer "the second one"\n'
        "podctl answer planner.left t3.2.1 2\n"
        "podctl answer planner - < answer.md"
    ),
)
@click.argument("name", shell_complete=pods)
@click.argument("words", metavar="[QUESTION] TEXT", nargs=-1, required=True)
@click.pass_obj
def command(output: Output, name: str, words: tuple[str, ...]) -> None:
    """Answer a question that a model asked.

    NAME is the pod that asks, or any above it. QUESTION may be left out if only one
    waits; podctl questions lists them. TEXT may be the number of a choice, or - for
    stdin.
    """
    from podd.cli.asked import the_question
    from podd.cli.asking_words import chosen
    from podd.cli.prompt import prompt_of
    from podd.cli.reaching import reach
    from podd.paths import places
    from podd_protocol.requests import Answer

    if len(words) > _BOTH:
        raise UsageError(
            reason="there are more words than a QUESTION and a TEXT",
            hint="put the TEXT into quotes",
        )
    question = words[0] if len(words) == _BOTH else None
    text = prompt_of(words[-1], what="TEXT")
    with reach(places(), name, output) as connection:
        asked = the_question(connection, question)
        pod = None
        # One that the pod does not show is its to refuse: it may just have come.
        meant = question or ""
        if asked is not None:
            pod, meant, text = asked.pod, asked.question, chosen(text, asked.choices)
        connection.ask(Answer(id=0, question=meant, text=text, pod=pod))
    if output.json:
        fields = {"pod": pod or name, "question": meant, "text": text}
        output.document({"answered": fields})
        return
    output.say(f"answered {pod or name}: {text}")
