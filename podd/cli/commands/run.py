"""`podctl run`: give a pod work and follow it."""

from __future__ import annotations

import click

from podd.cli.attach_option import attach_option
from podd.cli.completing import pods
from podd.cli.output import Output
from podd.cli.verb import Verb
from podd_protocol.requests import WhenBusy


@click.command(
    cls=Verb,
    example=(
        'podctl run reviewer "what does src/main.py do?"\n'
        "answer=$(podctl run reviewer - < question.md)\n"
        'podctl run reviewer "look at tests first" --when-busy steer --detach\n'
        'podctl run reviewer "what is wrong here?" --attach shot.png --attach log.pdf'
    ),
)
@click.argument("name", shell_complete=pods)
@click.argument("prompt")
@click.option(
    "--when-busy",
    type=click.Choice(["queue", "steer", "reject"]),
    default="queue",
    show_default=True,
    help="Wait in line, go into the running turn, or be refused.",
)
@click.option("--detach", is_flag=True, help="Return when the input is accepted.")
@attach_option
@click.pass_obj
def command(
    output: Output,
    *,
    name: str,
    prompt: str,
    when_busy: WhenBusy,
    detach: bool,
    attach: tuple[str, ...],
) -> int | None:
    """Give a pod work and follow it.

    PROMPT may be - for stdin. Ends as the turn ends: 0 completed, 1 failed, 6 limited,
    130 cancelled; 9 if the pod is paused. Ctrl-C cancels the turn and waits for its
    end; a second one leaves at once.
    """
    from podd.cli.enclosing import enclosed, files_in
    from podd.cli.interrupts import Interrupts
    from podd.cli.prompt import prompt_of
    from podd.cli.reaching import reach
    from podd.cli.result import report
    from podd.cli.running import give, how_to_go_on, run_and_follow
    from podd.paths import places

    where = places()
    given = enclosed(prompt_of(prompt), files_in(attach))
    with reach(where, name, output) as connection, Interrupts() as interrupts:
        if detach:
            accepted = give(connection, given, when_busy)
            _print_accepted(output, connection.pod, accepted.turn, accepted.position)
            return None
        result = run_and_follow(
            connection,
            given,
            when_busy=when_busy,
            output=output,
            places=where,
            interrupts=interrupts,
        )
    report(output, result, how_to_go_on=how_to_go_on(where, name))
    return result.exit_code


def _print_accepted(
    output: Output, pod: str, turn: str | None, position: int | None
) -> None:
    if output.json:
        fields = {"pod": pod, "turn": turn, "position": position}
        output.document({"accepted": fields})
        return
    when = f"waits behind {position}" if position else "now"
    output.text(f"accepted: turn {turn}, {when}")
    output.say(f"podctl wait {pod} prints the result")
