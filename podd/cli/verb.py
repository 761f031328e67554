"""What all verbs share: the options that work everywhere, and a help with examples.

A verb's file holds `command`, made so:

    @click.command(cls=Verb, example="podctl pause reviewer")
    @click.argument("name")
    @click.pass_obj
    def command(output: Output, name: str) -> int | None:
        ...

Its docstring is its help. What it returns is the exit code; None is 0. Errors are
raised, never printed: the border in `errors.py` prints them.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import click

from podd import __version__
from podd.cli.output import Output

#: What click hands to those who extend it.
Whatever: TypeAlias = Any


def _remember(
    context: click.Context, parameter: click.Parameter, value: object
) -> None:
    # Before the verb or behind it, the option means the same: `meta` is one for all
    # contexts of a command line.
    if value is not None and value is not False:
        context.meta[f"podd.{parameter.name}"] = value


def _print_version(
    context: click.Context, _parameter: click.Parameter, value: object
) -> None:
    if not value or context.resilient_parsing:
        return
    # Eager, so `--json` may not be parsed yet: what main saw in the arguments counts.
    output = context.find_object(Output) or Output.of(context)
    if output.json:
        output.document({"version": __version__})
    else:
        output.text(f"podctl {__version__}")
    context.exit()


def everywhere() -> list[click.Parameter]:
    """The options that podctl takes before the verb, and every verb behind it."""
    return [
        click.Option(
            ["--json", "json"],
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="Print JSON: one document, or one object a line.",
        ),
        click.Option(
            ["-q", "--quiet", "quiet"],
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="No talk on stderr but errors.",
        ),
        click.Option(
            ["-v", "--verbose", "verbose"],
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="More talk on stderr.",
        ),
        click.Option(
            ["--timeout", "timeout_seconds"],
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            expose_value=False,
            callback=_remember,
            help="Give up waiting after this long.",
        ),
        click.Option(
            ["--version", "version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_version,
            help="Print the version and leave.",
        ),
    ]


def _write_example(example: str, formatter: click.HelpFormatter) -> None:
    with formatter.section("Example"):
        for line in example.strip().splitlines():
            formatter.write(f"{'':>{formatter.current_indent}}{line.strip()}\n")


class Verb(click.Command):
    """A verb, with the options that work everywhere.

    Args:
        example: one command a line, as one would type it.
    """

    def __init__(self, *args: Whatever, example: str, **kwargs: Whatever) -> None:
        super().__init__(*args, **kwargs)
        self.example = example
        self.params.extend(everywhere())

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        _write_example(self.example, formatter)

    def invoke(self, ctx: click.Context) -> Whatever:
        ctx.obj = Output.of(ctx)
        return super().invoke(ctx)


class VerbGroup(click.Group):
    """A verb with verbs of its own: `session list`. They are `Verb`s too.

    Args:
        example: as for `Verb`.
    """

    command_class = Verb

    def __init__(self, *args: Whatever, example: str, **kwargs: Whatever) -> None:
        super().__init__(*args, **kwargs)
        self.example = example
        self.params.extend(everywhere())

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        _write_example(self.example, formatter)
