"""`podctl list`: the live pods, and with --all the ended ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from podd.cli.duration import short, since
from podd.cli.family import Family, may_be_child
from podd.cli.output import Output
from podd.cli.verb import Verb
from podd.client.discovery import STATUS_SECONDS, LivePod, pods
from podd.paths import Places, places

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Row = dict[str, Any]

_HEADS: Final = ("NAME", "STATE", "TURN", "AGE", "MODEL", "WORKDIR", "TOKENS")

#: Columns of a workdir, whose end says more than its beginning. With a name of ten it
#: and the model fit side by side into a line of 80.
_WORKDIR_COLUMNS: Final = 18

#: What a pod that took our connection and said nothing is shown as.
MUTE: Final = "not_answering"


@click.command(cls=Verb, example="podctl list --all\npodctl list --json")
@click.option("--all", "with_ended", is_flag=True, help="The ended pods too.")
@click.option("--tree", is_flag=True, help="Children below their parents.")
@click.pass_obj
def command(output: Output, with_ended: bool, tree: bool) -> None:
    """List the live pods.

    A pod is alive if its socket answers. With --all, each ended pod is shown with its
    newest session.
    """
    where = places()
    limit = output.timeout_seconds or STATUS_SECONDS
    rows = [live_row(pod) for pod in pods(where, timeout_seconds=limit)]
    _name_parents(where, rows)
    if with_ended:
        rows += _ended_rows(where, {row["name"] for row in rows})
    if output.json:
        output.document({"pods": rows})
    elif not rows:
        output.say("no pods are alive; podctl spawn MANIFEST starts one")
    else:
        shown = _as_tree(rows) if tree else [(0, row) for row in rows]
        output.table(_HEADS, [_cells(depth, row) for depth, row in shown])


def live_row(pod: LivePod) -> Row:
    """A live pod as the document of `list` has it."""
    status = pod.status
    row: Row = {
        "name": pod.name,
        "state": MUTE,
        "socket": str(pod.socket),
        "pid": pod.pid,
        "session": None,
        "model": None,
        "workdir": None,
        "parent": None,
        "scope": {"read": [], "write": [], "lent": []},
        "turn": None,
        "usage": None,
        "started_at": None,
    }
    if status is None:
        return row
    import msgspec

    scope = status.scope
    return row | {
        "state": status.state,
        "pid": status.pid,
        "session": status.session,
        "model": status.model,
        "workdir": status.workdir,
        "scope": {"read": scope.read, "write": scope.write, "lent": scope.lent},
        "turn": status.turn,
        "usage": msgspec.to_builtins(status.usage),
        "started_at": status.started_at,
    }


def _name_parents(where: Places, rows: list[Row]) -> None:
    """Say of each child whose it is."""
    if not any(may_be_child(row["name"]) for row in rows):
        return  # the table need not be opened, which would be half the cost of a list
    family = Family.of(where)
    for row in rows:
        row["parent"] = family.parent_of(row["name"])


def _ended_rows(where: Places, live: set[str]) -> list[Row]:
    import msgspec

    from podd.cli.kept import newest_of_each_pod

    return [
        {
            "name": kept.pod,
            "state": kept.state,
            "socket": None,
            "pid": None,
            "session": kept.session,
            "model": kept.model,
            "workdir": kept.workdir,
            "parent": None,
            "scope": {
                "read": kept.paths("read"),
                "write": kept.paths("write"),
                "lent": [],
            },
            "turn": None,
            "usage": msgspec.to_builtins(kept.usage()),
            "started_at": kept.began,
        }
        for kept in newest_of_each_pod(where)
        if kept.pod not in live
    ]


def _as_tree(rows: Sequence[Row]) -> list[tuple[int, Row]]:
    """Children below their parents, with their depth; an orphan stands at the top.

    A child that has ended has no parent any more, and stands below the pod whose name
    its own begins with.
    """
    names = {row["name"] for row in rows}
    children: dict[str | None, list[Row]] = {}
    for row in rows:
        parent = row["parent"]
        if parent is None and row["pid"] is None:
            parent = row["name"].rpartition(".")[0]
        children.setdefault(parent if parent in names else None, []).append(row)

    def below(parent: str | None, depth: int) -> Iterator[tuple[int, Row]]:
        for row in children.get(parent, ()):
            yield depth, row
            yield from below(row["name"], depth + 1)

    return list(below(None, 0))


def _cells(depth: int, row: Row) -> tuple[str, ...]:
    return (
        "  " * depth + row["name"],
        row["state"],
        row["turn"] or "-",
        short(since(row["started_at"])) if row["started_at"] else "-",
        row["model"] or "-",
        _workdir(row["workdir"] or "-"),
        str(_tokens(row["usage"] or {})),
    )


def _tokens(usage: dict[str, Any]) -> int:
    kinds = ("input", "output", "cache_read", "cache_write")
    return sum(usage.get(f"{kind}_tokens", 0) for kind in kinds)


def _workdir(path: str) -> str:
    """A path that keeps its end where it is too long for a terminal."""
    home = str(Path.home())
    if path == home or path.startswith(f"{home}/"):
        path = f"~{path[len(home) :]}"
    if len(path) <= _WORKDIR_COLUMNS or not sys.stdout.isatty():
        return path
    return f"…{path[1 - _WORKDIR_COLUMNS :]}"
