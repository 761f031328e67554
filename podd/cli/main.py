"""The command line's entry: finds the verb's file, and lets no error past it.

Rules of this file: it imports click and the table of verbs. A verb's file is imported
when that verb is used, and what an error needs when there is one, so that `podctl
--help` and completion cost no more than click does.
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from podd.cli.output import Output
from podd.cli.verb import everywhere
from podd.cli.verbs import ALIASES, VERBS

#: Objects made before the garbage collector looks for cycles. A short command makes
#: fewer and is spared the search (5 ms of 50); one that follows a pod for days is not.
GARBAGE: Final = 200_000

#: Set by the shell's completion script.
COMPLETE_VARIABLE: Final = "_PODCTL_COMPLETE"


class LazyGroup(click.Group):
    """podctl: knows its verbs by their table and imports the one that is used."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        verb = ALIASES.get(cmd_name, cmd_name)
        if verb not in VERBS:
            return None
        module = importlib.import_module(f"podd.cli.commands.{verb}")
        command: click.Command = module.command
        command.name = verb
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        verb = args[0]
        if verb in VERBS or verb in ALIASES or ctx.resilient_parsing:
            name, command, rest = super().resolve_command(ctx, args)
            return ALIASES.get(name or "", name), command, rest
        from difflib import get_close_matches

        message = f"there is no verb {verb!r}"
        if near := get_close_matches(verb, [*VERBS, *ALIASES], n=1):
            message += f"; did you mean {near[0]!r}?"
        raise click.UsageError(message, ctx)

    def format_commands(
        self, _ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.pass_context
def _without_verb(context: click.Context) -> None:
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


group = LazyGroup(
    name="podctl",
    params=everywhere(),
    callback=_without_verb,
    invoke_without_command=True,
    subcommand_metavar="VERB [ARGS]...",
    help=(
        "Run LLM agents as pods: one process, one scope, one durable session each.\n\n"
        "podctl VERB --help has an example for each verb."
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run podctl.

    Args:
        arguments: what stands behind the program's name; absent: the process's own,
            and then the process ends here.

    Returns:
        the exit code (listed in docs/operations.md).
    """
    if arguments is not None:
        return _answer(list(arguments))
    gc.set_threshold(GARBAGE)
    code = _answer(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Taking the interpreter apart object by object costs a quarter of a short command,
    # and the kernel does it anyway. Whatever must be put in order is by now: verbs
    # close what they open, and nothing here runs in threads.
    os._exit(code)


def _answer(given: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        # A character that the locale does not have is shown as its number.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(given)
        # What is still buffered meets a closed pipe here, where it is told apart.
        sys.stdout.flush()
    except BrokenPipeError:
        return _leave_quietly()
    except BaseException as error:  # noqa: BLE001  # the border: nothing gets past it
        return _report(error, given)
    return code


def _run(given: list[str]) -> int:
    if instruction := os.environ.get(COMPLETE_VARIABLE):
        from click.shell_completion import shell_complete

        return shell_complete(group, {}, "podctl", COMPLETE_VARIABLE, instruction)
    try:
        # A copy: click eats the list it is given.
        context = group.make_context("podctl", [*given], obj=_asked_for(given))
        with context:
            code = group.invoke(context)
            return code if isinstance(code, int) else 0
    except click.exceptions.Exit as leave:
        return leave.exit_code


def _report(error: BaseException, given: list[str]) -> int:
    from podd.cli.errors import report

    try:
        return report(error, _asked_for(given))
    except BrokenPipeError:
        return _leave_quietly()


def _asked_for(given: list[str]) -> Output:
    """How to say an error, also where the command line could not be parsed."""
    options = given[: given.index("--")] if "--" in given else given
    verbose = {"-v", "--verbose"} & set(options)
    return Output(json="--json" in options, loudness="verbose" if verbose else "normal")


def _leave_quietly() -> int:
    """The reader has seen enough. Nobody is left to be told."""
    # The interpreter flushes stdout when it ends; let it flush into nothing.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return 1
