"""`podctl configure`: change what a living pod goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from podd.cli.completing import pods
from podd.cli.output import Output
from podd.cli.verb import Verb
from podd.errors import UsageError

if TYPE_CHECKING:
    from podd_protocol.replies import StatusReply


@click.command(
    cls=Verb,
    example=(
        "podctl configure reviewer --set agent.max_steps=20\n"
        'podctl configure reviewer --set \'tools.allow=["read_file", "grep"]\'\n'
        "podctl configure reviewer --set model.ref=openai_chat/gpt-5-mini"
    ),
)
@click.argument("name", shell_complete=pods)
@click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    help="agent.instruction, agent.max_steps, tools.allow, model.ref, or a limit.",
)
@click.option(
    "--unset",
    "removed",
    metavar="KEY",
    multiple=True,
    help="Take a limit away, where none is possible.",
)
@click.pass_obj
def command(
    output: Output, name: str, overrides: tuple[str, ...], removed: tuple[str, ...]
) -> None:
    """Change what a living pod goes by.

    It counts from the pod's next step on, also in a running turn, and stays when the
    session is resumed. What cannot be is refused, and then nothing is changed.
    Everything else of a manifest is changed with podctl spawn --resume SESSION
    MANIFEST.
    """
    from podd.cli.configuring import asked, differences
    from podd.cli.reaching import reach
    from podd.paths import places
    from podd_protocol.requests import Status

    if not overrides and not removed:
        raise UsageError(
            reason="nothing is to be changed",
            hint="for example --set agent.max_steps=20",
        )
    request = asked(overrides, removed)
    with reach(places(), name, output) as connection:
        before: StatusReply = connection.ask(Status(id=0))
        connection.ask(request)
        changed = differences(before, connection.ask(Status(id=0)))
    if output.json:
        document = {key: {"old": old, "new": new} for key, (old, new) in changed}
        output.document({"configured": {"pod": name, "changed": document}})
        return
    for key, (old, new) in changed:
        output.say(f"{key}: {_words(old)} -> {_words(new)}")
    if not changed:
        output.say(f"{name} went by that already")


def _words(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return str(value)
