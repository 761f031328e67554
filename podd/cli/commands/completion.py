"""`podctl completion`: the script by which a shell completes podctl's words."""

from __future__ import annotations

import click

from podd.cli.output import Output
from podd.cli.verb import Verb


@click.command(
    cls=Verb,
    example="""
    source <(podctl completion bash)
    podctl completion fish > ~/.config/fish/completions/podctl.fish
    """,
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    With it, the tab key completes verbs, options, and the names of pods and sessions.
    """
    from click.shell_completion import get_completion_class

    from podd.cli.main import COMPLETE_VARIABLE

    kind = get_completion_class(shell)
    assert kind is not None, "click knows the three shells of the choice"
    root = context.find_root().command
    script = kind(root, {}, "podctl", COMPLETE_VARIABLE).source()
    output = context.find_object(Output)
    assert output is not None, "the border made one"
    if output.json:
        output.document({"shell": shell, "script": script})
    else:
        output.text(script)
