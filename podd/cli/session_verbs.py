"""The verbs of `podctl session` that make something of a session, or take it away."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from podd import __version__
from podd.cli import naming
from podd.cli.completing import pods_and_sessions
from podd.cli.output import Output
from podd.cli.several import raise_first
from podd.cli.verb import Verb
from podd.errors import PoddError, UsageError
from podd.paths import places

if TYPE_CHECKING:
    from podd.cli.exporting.export import Form
    from podd.cli.pruning import Pruning

_meant = click.argument(
    "name", metavar="SESSION|NAME", shell_complete=pods_and_sessions
)


@click.command(
    "fork",
    cls=Verb,
    example="podctl session fork reviewer\npodctl session fork last --at 41",
)
@_meant
@click.option(
    "--at",
    type=int,
    metavar="N",
    help="The last entry to take. Default: the newest between two steps.",
)
@click.pass_obj
def fork(output: Output, name: str, at: int | None) -> None:
    """Make a new session that begins as another does.

    It has the entries up to N, and what was open there is closed. The original, live or
    not, stays as it is. The new session keeps the name of its pod.
    """
    from podd.core.session.stamps import rfc3339, uuid7
    from podd.journal.forking import fork_session

    now = time.time_ns()
    made = fork_session(
        naming.session_meant(places(), name),
        uuid7(now // 1_000_000, os.urandom(10)),
        at=at,
        now=rfc3339(now),
        podd=__version__,
    )
    if output.json:
        origin = {"session": made.original, "n": made.at}
        output.document({"session": made.session, "forked_from": origin})
        return
    output.text(made.session)
    output.say(
        f"forked from {made.original} at entry {made.at}; "
        f"podctl resume {made.session} goes on with it, when no live pod has its "
        "name and scope"
    )


@click.command(
    "export",
    cls=Verb,
    example="""
    podctl session export last --format markdown --output talk.md
    podctl session export reviewer | jq -r 'select(.type == "model").text'
    """,
)
@_meant
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "markdown", "journal"]),
    default="jsonl",
    show_default=True,
    help="Records, a transcript, or the journal's own lines.",
)
@click.option(
    "--output",
    "-o",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Instead of stdout. It is replaced when the export is whole.",
)
@click.pass_obj
def export(output: Output, name: str, form: Form, path: Path | None) -> None:
    """Write a session out.

    Everything is verified on the way. A live session is written up to its last whole
    line.
    """
    from podd.cli.exporting.export import export as write

    if output.json and path is None and form == "markdown":
        raise UsageError(
            reason="a transcript is no JSON",
            hint="use --format jsonl, or --output FILE",
        )
    directory = naming.session_meant(places(), name)
    count = write(directory, form, path)
    if path is None:
        return
    if output.json:
        output.document(
            {
                "session": directory.session,
                "format": form,
                "output": str(path),
                "entries": count,
            }
        )
    else:
        output.say(f"{path} has session {directory.session}, {count} entries")


@click.command(
    "prune",
    cls=Verb,
    example="""
    podctl session prune --older-than 30 --dry-run
    podctl session prune --keep 5
    podctl session prune 019aa3b0
    """,
)
@click.argument(
    "names", metavar="[SESSION...]", nargs=-1, shell_complete=pods_and_sessions
)
@click.option(
    "--older-than",
    "days",
    type=click.FloatRange(min=0),
    metavar="DAYS",
    help="Those that were not written to for so long.",
)
@click.option(
    "--keep",
    type=click.IntRange(min=0),
    metavar="N",
    help="All but the newest N of each pod.",
)
@click.option("--dry-run", "only_tell", is_flag=True, help="Only say what would go.")
@click.pass_obj
def prune(
    output: Output,
    names: tuple[str, ...],
    days: float | None,
    keep: int | None,
    only_tell: bool,  # click gives flags so
) -> None:
    """Remove sessions, for good.

    Those that are named, or those that meet all criteria given. Nothing is asked. A
    session that a live pod has, or that of a child it has lent to, always stays. Forks
    have what they need of the session they came from.
    """
    from podd.cli.pruning import Pruning, matching
    from podd.journal.pruning import sweep
    from podd.journal.sessions import Sessions

    by_criterion = days is not None or keep is not None
    if bool(names) == by_criterion:
        raise UsageError(
            reason="say which sessions are to go, by name or by criterion",
            hint="podctl session prune --older-than 30 --dry-run",
        )
    where = places()
    pruning = Pruning(where, only_tell=only_tell)
    failures: list[PoddError] = []
    if by_criterion:
        pruning.remove_all(matching(where, older_than_days=days, keep=keep))
    for name in dict.fromkeys(names):
        try:
            pruning.remove(naming.session_meant(where, name))
        except PoddError as error:
            failures.append(error)
    if not only_tell:
        sweep(Sessions(where.sessions), time.time_ns() / 1e9)
    if not failures or pruning.removed:
        _tell_pruned(output, pruning, only_tell=only_tell)
    raise_first(output, failures)


def _tell_pruned(output: Output, pruning: Pruning, *, only_tell: bool) -> None:
    from podd.cli.filesystem import human_bytes

    total = sum(one.size_bytes for one in pruning.removed)
    if output.json:
        output.document(
            {
                "removed": msgspec.to_builtins(pruning.removed),
                "skipped": msgspec.to_builtins(pruning.spared),
                "size_bytes": total,
                "dry_run": only_tell,
            }
        )
        return
    for one in pruning.removed:
        output.text(f"{one.session} {one.pod or '-'} {human_bytes(one.size_bytes)}")
    for other in pruning.spared:
        why = "a live pod has it" if other.reason == "held" else "a live pod needs it"
        output.say(f"{other.session} stays: {why}")
    would = "would be" if only_tell else "are"
    output.say(f"{len(pruning.removed)} sessions {would} gone, {human_bytes(total)}")
