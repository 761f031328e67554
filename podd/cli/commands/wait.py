"""`podctl wait`: wait for pods and print their results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from podd.cli.completing import pods
from podd.cli.output import Output
from podd.cli.verb import Verb

if TYPE_CHECKING:
    from podd.cli.result import TurnResult


@click.command(
    cls=Verb,
    example=(
        "podctl wait reviewer writer\n"
        "podctl wait reviewer writer --any --timeout 600\n"
        "podctl wait reviewer --for ended"
    ),
)
@click.argument(
    "names", metavar="NAME...", nargs=-1, required=True, shell_complete=pods
)
@click.option("--any", "first", is_flag=True, help="Return when one of them is done.")
@click.option(
    "--for",
    "until",
    type=click.Choice(["idle", "ended"]),
    default="idle",
    show_default=True,
    help="Until nothing is left to do, or until the process has ended.",
)
@click.pass_obj
def command(
    output: Output,
    names: tuple[str, ...],
    first: bool,
    until: Literal["idle", "ended"],
) -> int:
    """Wait for pods and print their results.

    The result is that of the pod's last turn, and the exit code is that of the first
    pod whose turn did not complete. An ended pod is done. 7 with --timeout, 9 if only
    paused pods are left.
    """
    from podd.cli.waiting import Waiting
    from podd.paths import places

    with Waiting(places(), output, until=until) as waiting:
        for name in dict.fromkeys(names):
            waiting.add(name)
        waiting.until_done(how_many="any" if first else "all")
        results = waiting.results()
    _print(output, results)
    return next((result.exit_code for result in results if result.exit_code), 0)


def _print(output: Output, results: list[TurnResult]) -> None:
    from podd.cli.result import end_line, tint_of

    if output.json:
        output.document({"results": [result.document() for result in results]})
        return
    for result in results:
        if len(results) > 1:
            output.text(f"== {result.pod}")
        if result.text:
            output.text(result.text.removesuffix("\n"))
        output.say(f"{result.pod}: {end_line(result)}", tint_of(result))
