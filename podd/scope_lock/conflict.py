"""Who stands in the way of a scope.

Theory of operation. Of all write roots in the table only those can overlap that are an
ancestor of one of ours or lie below one, by the same names or by others (a bind mount,
a hard link: equal device and inode). By another name either their root is on the way to
ours (`root`), or ours is on the way to theirs (`above`). Indexes find all of these, so
the cost does not grow with the table; the algebra in core decides among them. For a
directory that has another name, our rules below it are moved there first.

What is mounted inside a root has its other name below the root, where nobody looks.

Those who lend to us, and those we lend to, share paths with us by right: there the
lender is compared as it is once it has lent, which leaves what it may still write
under another name. Everybody else is compared with all that a lender ever had, because
that comes back to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from podd.core.scope.explanation import ancestors
from podd.core.scope.lending import narrowed
from podd.core.scope.overlap import overlap
from podd.core.scope.rules import Rule, Scope
from podd.scope_lock import record as records
from podd.scope_lock.grounding import Grounded, found_at
from podd.scope_lock.record import Record

if TYPE_CHECKING:
    from sqlite3 import Connection


@dataclass(frozen=True, slots=True)
class Conflict:
    """A live pod may write where we want to."""

    path: str
    """What we asked for."""
    holder: str
    holder_path: str
    since: str
    """RFC 3339."""


@dataclass(frozen=True, slots=True)
class Kin:
    """Whom the asker lends to and has its scope from: sessions."""

    session: str
    lenders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contender:
    """An allocation in our way; it may be dead."""

    record: Record
    conflict: Conflict
    is_binding: bool
    """False: both sides only want to be warned."""


def contenders(connection: Connection, ours: Grounded, kin: Kin) -> Iterator[Contender]:
    """Find the allocations that may write where `ours` may, each once."""
    if ours.scope.mode == "off":
        return
    for allocation, aliases in _candidates(connection, ours).items():
        record = records.by_id(connection, allocation)
        assert record is not None, "a root belongs to an allocation"
        mine, theirs = ours.scope, record.grounded.scope
        if record.session in kin.lenders:
            theirs = narrowed(theirs, (mine,))
        elif kin.session in record.lenders:
            mine = narrowed(mine, (theirs,))
        found = _meeting(mine, theirs, aliases)
        if found is not None:
            modes = {mine.mode, theirs.mode}
            yield Contender(
                record,
                Conflict(
                    path=found[0],
                    holder=record.name,
                    holder_path=found[1],
                    since=record.since,
                ),
                is_binding="enforce" in modes,
            )


def _meeting(
    ours: Scope, theirs: Scope, aliases: set[tuple[str, str]]
) -> tuple[str, str] | None:
    """Compare the scopes under our names, then under each other name.

    Returns:
        The path that both may write, as we and as they call it.
    """
    for our_name, their_name in [("/", "/"), *sorted(aliases)]:
        found = overlap(_moved(ours, our_name, their_name), theirs)
        if found is not None:
            path = _renamed(found.ours.path, their_name, our_name) or found.ours.path
            return path, found.theirs.path
    return None


def _candidates(
    connection: Connection, ours: Grounded
) -> dict[str, set[tuple[str, str]]]:
    """Find allocations, each with the pairs (our name, their name) of a directory."""
    found: dict[str, set[tuple[str, str]]] = {}
    for entry in ours.rules("write"):
        path = entry.rule.path
        above = ancestors(path)
        names = ", ".join("?" * len(above))
        below = "" if path == "/" else path
        for (allocation,) in connection.execute(
            f"SELECT allocation FROM root WHERE path IN ({names})"  # noqa: S608  # question marks
            # "0" is the character after "/": all that begins with the path and "/".
            " UNION SELECT allocation FROM root WHERE path > ? AND path < ?",
            (*above, f"{below}/", f"{below}0"),
        ):
            found.setdefault(allocation, set())
        ours_by_inode = _inodes(above)
        marks = ", ".join("?" * len(ours_by_inode))
        for device, inode, allocation, their_name in connection.execute(
            "SELECT device, inode, allocation, path"  # noqa: S608  # as above
            f" FROM root WHERE inode IN ({marks})",
            [inode for _, inode in ours_by_inode],
        ):
            our_name = ours_by_inode.get((device, inode))
            if our_name is not None and our_name != their_name:
                found.setdefault(allocation, set()).add((our_name, their_name))
        if (ours_is := found_at(path)) is None:
            continue
        for allocation, their_name in connection.execute(
            "SELECT allocation, path FROM above WHERE inode = ? AND device = ?",
            (ours_is.inode, ours_is.device),
        ):
            if their_name != path:
                found.setdefault(allocation, set()).add((path, their_name))
    return found


def _inodes(paths: list[str]) -> dict[tuple[int, int], str]:
    """Map device and inode to path, where there is something."""
    found: dict[tuple[int, int], str] = {}
    for path in paths:
        if (identity := found_at(path)) is not None:
            found[identity.device, identity.inode] = path
    return found


def _moved(scope: Scope, from_path: str, to_path: str) -> Scope:
    """See what lies at `from_path` under its other name."""
    if from_path == to_path:
        return scope
    return Scope(
        rules=tuple(_moved_rule(rule, from_path, to_path) for rule in scope.rules),
        mode=scope.mode,
    )


def _moved_rule(rule: Rule, from_path: str, to_path: str) -> Rule:
    path = _renamed(rule.path, from_path, to_path)
    return rule if path is None else msgspec.structs.replace(rule, path=path)


def _renamed(path: str, from_path: str, to_path: str) -> str | None:
    """Put `to_path` where `path` begins with `from_path`; None: it does not."""
    if path == from_path:
        return to_path
    if not path.startswith(from_path.rstrip("/") + "/"):
        return None
    rest = path[len(from_path.rstrip("/")) :]
    return to_path.rstrip("/") + rest
