"""`podctl doctor`: what works on this machine, and what to do where it does not."""

from __future__ import annotations

import datetime as dt
import os
import sys
import textwrap
from typing import TYPE_CHECKING, Final

import click

from podd.cli import confinement, examination
from podd.cli.check import Check, Verdict
from podd.cli.output import Output, Tint, tinted
from podd.cli.verb import Verb
from podd.client import discovery
from podd.client.ownership import refuse_strangers
from podd.errors import PoddError
from podd.paths import Places, places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podd.sandbox.probe import Report

#: Where the providers look for keys; a test holds the two together.
KEYS: Final = (
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "OPENROUTER_API_KEY",
    "AZURE_OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "COHERE_API_KEY",
    "CO_API_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "CEREBRAS_API_KEY",
    "DEEPSEEK_API_KEY",
    "FIREWORKS_API_KEY",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
    "PERPLEXITY_API_KEY",
    "PPLX_API_KEY",
    "SAMBANOVA_API_KEY",
    "TOGETHER_API_KEY",
    "XAI_API_KEY",
)

_TINTS: Final[dict[Verdict, Tint]] = {
    "ok": "green",
    "info": "dim",
    "warning": "yellow",
    "broken": "red",
}

#: What fits on any terminal, and where the last column begins.
_COLUMNS: Final = 80
_INDENT: Final = 33

#: When a session began stands in the first 48 bits of its id (RFC 9562, UUIDv7).
_TIME_DIGITS: Final = 12


@click.command(cls=Verb, example="podctl doctor")
@click.pass_obj
def command(output: Output) -> int:
    """Show what works on this machine, and what to do if not.

    Changes nothing. Exit code 1 if something that podd needs is broken.
    """
    from podd.sandbox.probe import probe

    report = probe()
    checks = list(_checks(places(), report))
    broken = [check for check in checks if check.verdict == "broken"]
    if output.json:
        output.document(
            {
                "works": not broken,
                "checks": [
                    {
                        "name": check.name,
                        "verdict": check.verdict,
                        "detail": check.detail,
                        "remedy": check.remedy,
                    }
                    for check in checks
                ],
                "commands": confinement.document(report),
            }
        )
        return 1 if broken else 0
    for check in checks:
        _show(check)
    if broken:
        output.say(f"{len(broken)} broken")
        return 1
    return 0


def _checks(where: Places, report: Report) -> Iterator[Check]:
    yield from examination.machine(where)
    yield from confinement.checks(report)
    now = dt.datetime.now(tz=dt.UTC)
    yield examination.clock(now, _newest_session(where))
    yield examination.keys(KEYS, os.environ)
    yield from _remains(where)


def _remains(where: Places) -> Iterator[Check]:
    """What the dead left; the table itself may be what does not work."""
    from podd.scope_lock.listing import allocations
    from podd.scope_lock.table import Table

    try:
        refuse_strangers(where.runtime)
    except PoddError:
        # Told as the runtime directory already; what lies there is not ours to judge.
        return
    try:
        with Table(where) as table:
            dead = [one.pod for one in allocations(table) if not one.alive]
    except PoddError as error:
        yield Check("allocations", "broken", str(error), error.remedy)
        return
    live = {pod.name for pod in discovery.pods(where)}
    yield from examination.leftovers(dead, sorted(_with_socket(where) - live))


def _with_socket(where: Places) -> set[str]:
    try:
        return {
            path.name for path in where.pods.iterdir() if _has_socket(where, path.name)
        }
    except OSError:
        return set()


def _has_socket(where: Places, name: str) -> bool:
    return where.socket(name).exists()


def _newest_session(where: Places) -> dt.datetime | None:
    from podd.journal.sessions import Sessions

    try:
        newest = next(Sessions(where.sessions).newest_first(), None)
    except PoddError:
        return None
    if newest is None:
        return None
    milliseconds = int(newest.session.replace("-", "")[:_TIME_DIGITS], 16)
    try:
        return dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _show(check: Check) -> None:
    verdict = tinted(f"{check.verdict:<8}", _TINTS[check.verdict], sys.stdout)
    first, *rest = _lines(check)
    sys.stdout.write(f"{verdict} {check.name:<23} {first}\n")
    for line in rest:
        sys.stdout.write(f"{'':<{_INDENT}}{line}\n")


def _lines(check: Check) -> Iterator[str]:
    """What stands in the last column; a word that does not fit is not broken."""
    for said in check.detail.splitlines() or [""]:
        yield from _wrapped(said)
    if check.remedy:
        first, *rest = _wrapped(check.remedy, taken=3)
        yield f"-> {first}"
        yield from (f"   {line}" for line in rest)


def _wrapped(text: str, taken: int = 0) -> list[str]:
    return textwrap.wrap(
        text,
        _COLUMNS - _INDENT - taken,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]
