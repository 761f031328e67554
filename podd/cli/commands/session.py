"""`podctl session`: what sessions there are, what they hold, whether they are sound.

What makes something of a session stands in session_verbs.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from podd.cli import naming
from podd.cli.completing import pods_and_sessions
from podd.cli.duration import short, since
from podd.cli.output import Output
from podd.cli.session_verbs import export, fork, prune
from podd.cli.several import raise_first
from podd.cli.verb import VerbGroup
from podd.client import discovery
from podd.errors import PoddError
from podd.paths import Places, places

if TYPE_CHECKING:
    from podd.cli.kept import Kept
    from podd.cli.turns import Turn

_HEADS: Final = ("SESSION", "POD", "STATE", "TURNS", "CHANGED", "SIZE")

#: Of the lines about turns; a terminal has as many columns or more.
_WIDTH: Final = 79

_meant = click.argument(
    "name", metavar="SESSION|NAME", default="last", shell_complete=pods_and_sessions
)


@click.group(
    cls=VerbGroup,
    example="""
    podctl session list
    podctl session verify last
    podctl session fork last
    """,
)
def command() -> None:
    """List, verify, fork, export and prune sessions."""


for _verb in (fork, export, prune):
    command.add_command(_verb)


@command.command("list", example="podctl session list")
@click.pass_obj
def list_(output: Output) -> None:
    """List all sessions, newest first."""
    from podd.cli.filesystem import human_bytes
    from podd.cli.kept import newest_first

    where = places()
    live = _live(where)
    rows = [_row(one, live) for one in newest_first(where)]
    if output.json:
        output.document({"sessions": rows})
    elif not rows:
        output.say("there are no sessions; podctl spawn MANIFEST begins one")
    else:
        output.table(
            _HEADS,
            [
                (
                    row["session"],
                    row["pod"],
                    row["state"],
                    str(row["turns"]),
                    f"{short(since(row['changed']))} ago",
                    human_bytes(row["size_bytes"]),
                )
                for row in rows
            ],
        )


@command.command("show", example="podctl session show last")
@_meant
@click.pass_obj
def show(output: Output, name: str) -> None:
    """Show what a session is and what its turns came to.

    SESSION may be shortened, or be `last`, which is also what is shown without it.
    """
    from podd.cli.kept import kept
    from podd.cli.turns import turns
    from podd.journal.reader import read_entries

    where = places()
    directory = naming.session_meant(where, name)
    one = kept(directory)
    row = _row(one, _live(where)) | {
        "model": one.model,
        "workdir": one.workdir,
        "usage": one.usage(),
        "path": str(directory.path),
    }
    found = turns(entry for _, entry in read_entries(directory))
    if output.json:
        output.document({"session": row, "turns": found})
        return
    _show(output, row, found)


@command.command("verify", example="podctl session verify last")
@click.argument(
    "names",
    metavar="SESSION|NAME...",
    nargs=-1,
    required=True,
    shell_complete=pods_and_sessions,
)
@click.pass_obj
def verify(output: Output, names: tuple[str, ...]) -> None:
    """Check that nothing in a session was changed or lost.

    Reads every entry and everything that entries name. A live session is checked up to
    its last whole line.
    """
    where = places()
    rows: list[dict[str, Any]] = []
    failures: list[PoddError] = []
    for name in dict.fromkeys(names):
        try:
            rows.append(_verified(output, where, name))
        except PoddError as error:
            failures.append(error)
    if output.json and (rows or not failures):
        output.document({"sessions": rows})
    raise_first(output, failures)


def _verified(output: Output, where: Places, name: str) -> dict[str, Any]:
    from podd.journal.verification import verify as verify_session

    directory = naming.session_meant(where, name)
    found = verify_session(directory)
    if not output.json:
        output.text(f"{directory.session} ok: {found.last_n} entries")
        if found.skipped:
            output.say(f"{found.skipped} of them are of a kind that may be skipped")
        if found.excess_bytes:
            output.say(
                f"{found.excess_bytes} bytes behind the last whole entry; "
                "podctl resume sets them aside"
            )
    return {
        "session": directory.session,
        "pod": directory.pod,
        "entries": found.last_n,
        "digest": found.digest,
        "skipped": found.skipped,
        "tail": found.tail,
        "excess_bytes": found.excess_bytes,
    }


def _live(where: Places) -> dict[str, str]:
    """The state of each session that a live pod has."""
    statuses = (pod.status for pod in discovery.pods(where))
    return {status.session: status.state for status in statuses if status is not None}


def _row(one: Kept, live: dict[str, str]) -> dict[str, Any]:
    return {
        "session": one.session,
        "pod": one.pod,
        "state": live.get(one.session, one.state),
        "turns": one.turns,
        "began": one.began,
        "changed": one.changed,
        "size_bytes": one.size_bytes,
    }


def _show(output: Output, row: dict[str, Any], found: list[Turn]) -> None:
    from podd.cli.columns import fit
    from podd.cli.rendering import first_line, outcome_words, usage_words

    for label in ("session", "pod", "state", "model", "workdir", "began", "changed"):
        output.text(f"{label:<9}{row[label] or '-'}")
    output.text(f"{'used':<9}{usage_words(row['usage'])}")
    output.text(f"{'path':<9}{row['path']}")
    for turn in found:
        asked = first_line(turn.input)
        came = "open" if turn.outcome is None else outcome_words(turn.outcome)
        said = first_line(turn.text)
        output.text(fit(f"{turn.turn}: {asked}", _WIDTH))
        output.text(f"  {fit(f'{came}: {said}' if said else came, _WIDTH - 2)}")
