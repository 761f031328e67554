"""`podctl models`: which models this machine can use, and why not the others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import click

from podd.cli.output import Output
from podd.cli.verb import Verb
from podd.paths import places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podd.launch.usable import UsableModel, UsableProvider

_HEADS: Final = ("MODEL", "WINDOW", "ANSWER", "$ IN", "$ OUT")


@click.command(cls=Verb, example="podctl models\npodctl models --json")
@click.option("--all", "with_unusable", is_flag=True, help="Those of the others too.")
@click.pass_obj
def command(output: Output, with_unusable: bool) -> None:
    """List the models that this machine can use.

    A line has the tokens that a conversation may hold, those of the longest answer, and
    the price of a million tokens read and written. A line with a star stands for any
    model of a provider. Then come the providers that cannot be used, and why. Nothing
    is asked over a network: whether a key is right, and whether a server on this
    machine runs, is seen when a pod uses it.
    """
    from podd.launch.usable import usable
    from podd.manifest.catalogue.catalogue import Catalogue

    found = list(usable(Catalogue.of(places()), os.environ))
    if output.json:
        output.document({"providers": [_document(provider) for provider in found]})
        return
    shown = [one for one in found if with_unusable or not one.problem]
    output.table(_HEADS, [row for one in shown for row in _rows(one)])
    if others := [one for one in found if one.problem]:
        output.text("")
        output.table(
            ("NOT USABLE", "WHY"), [(one.provider, one.problem) for one in others]
        )


def _document(provider: UsableProvider) -> dict[str, Any]:
    return {
        "provider": provider.provider,
        "usable": not provider.problem,
        "problem": provider.problem or None,
        "remedy": provider.remedy or None,
        "models": [_model(model) for model in provider.models],
    }


def _model(model: UsableModel) -> dict[str, Any]:
    import msgspec

    facts = model.facts
    return {
        "ref": model.ref,
        "context_window": facts.context_window,
        "max_output_tokens": facts.max_output_tokens,
        "capabilities": facts.capabilities,
        "price": msgspec.to_builtins(facts.price),
    }


def _rows(provider: UsableProvider) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [_cells(model) for model in provider.models]
    return rows or [(f"{provider.provider}/*", "-", "-", "-", "-")]


def _cells(model: UsableModel) -> Sequence[str]:
    facts = model.facts
    price = facts.price
    return (
        model.ref,
        _count(facts.context_window),
        _count(facts.max_output_tokens),
        "-" if price is None else f"{price.input:g}",
        "-" if price is None else f"{price.output:g}",
    )


def _count(tokens: int | None) -> str:
    return "-" if tokens is None else f"{tokens:,}"
