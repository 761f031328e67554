"""One row of the table, and how it gets in and out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from podd.core.scope.explanation import ancestors
from podd.paths import Places
from podd.scope_lock.grounding import Grounded, found_at
from podd.scope_lock.identity import ProcessIdentity
from podd.scope_lock.life import is_dead

if TYPE_CHECKING:
    from sqlite3 import Connection

Stage = Literal["starting", "adopted"]
"""starting: `process` is the starter, which waits for the pod to adopt."""

_COLUMNS: Final = (
    "id, name, token, session, since, stage, process, grounded,"
    " pods_limit, depth_limit, pods_spawned"
)
_MARKS: Final = ", ".join("?" * len(_COLUMNS.split(",")))

_encode = msgspec.json.Encoder().encode
_decode_process = msgspec.json.Decoder(ProcessIdentity).decode
_decode_grounded = msgspec.json.Decoder(Grounded).decode
_decode_lenders = msgspec.json.Decoder(list[tuple[int, str]]).decode


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many pods there may be below one."""

    pods: int = 8
    """Started over its life, by it and by those below it."""
    depth: int = 3
    """Levels: 1 lets it have children that have none."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """An allocation, as the table has it."""

    id: str
    name: str
    token: str
    """Changed by each handover; whoever knows it may change the row."""
    session: str
    since: str
    """RFC 3339."""
    stage: Stage
    process: ProcessIdentity
    grounded: Grounded
    lenders: tuple[str, ...] = ()
    """Sessions of those who lend it: the direct lender, who lends to that one, and so
    on up; they may be dead. Sessions, so that a lender who is restored is known again.
    """
    limits: Limits = Limits()
    pods_spawned: int = 0
    """How much of `limits.pods` is used."""

    @property
    def lender(self) -> str | None:
        """Session of the direct lender; None: top level."""
        return self.lenders[0] if self.lenders else None

    def is_held_as(self, other: Record) -> bool:
        """Whether the same pod holds the same thing; loans and counters aside."""
        return (
            self.id == other.id
            and self.token == other.token
            and self.name == other.name
            and self.session == other.session
            and self.stage == other.stage
            and self.process == other.process
            and self.grounded == other.grounded
        )


def life_file(places: Places, allocation: str) -> Path:
    """Name the life file of an allocation."""
    return places.life_directory / allocation


def insert(connection: Connection, record: Record) -> None:
    """Put a new row into the table, with what conflicts are searched by."""
    connection.execute(
        f"INSERT INTO allocation ({_COLUMNS}) VALUES ({_MARKS})",  # noqa: S608  # our constants
        (
            record.id,
            record.name,
            record.token,
            record.session,
            record.since,
            record.stage,
            _encode(record.process),
            _encode(record.grounded),
            record.limits.pods,
            record.limits.depth,
            record.pods_spawned,
        ),
    )
    _insert_lenders(connection, record.id, record.lenders)
    if record.grounded.scope.mode == "off":
        return
    connection.executemany(
        "INSERT INTO root (path, device, inode, allocation) VALUES (?, ?, ?, ?)",
        [
            (
                entry.rule.path,
                entry.identity and entry.identity.device,
                entry.identity and entry.identity.inode,
                record.id,
            )
            for entry in record.grounded.rules("write")
        ],
    )
    directories = {
        directory
        for entry in record.grounded.rules("write")
        for directory in ancestors(entry.rule.path)[1:]
    }
    connection.executemany(
        "INSERT INTO above (device, inode, path, allocation) VALUES (?, ?, ?, ?)",
        [
            (identity.device, identity.inode, path, record.id)
            for path in sorted(directories)
            if (identity := found_at(path)) is not None
        ],
    )


def by_id(connection: Connection, allocation: str) -> Record | None:
    """Read one row; None: there is none."""
    return next(iter(_select(connection, "id = ?", allocation)), None)


def by_name(connection: Connection, name: str) -> Record | None:
    """Read the row of a pod, live or not; None: there is none."""
    return next(iter(_select(connection, "name = ?", name)), None)


def by_session(connection: Connection, session: str) -> list[Record]:
    """Read the rows of a session: one, unless somebody starts it who may not."""
    return _select(connection, "session = ?", session)


def lent_by(
    connection: Connection, session: str, *, directly: bool = True
) -> list[Record]:
    """Read the rows, live or not, of those that `session` lends to, by name.

    Args:
        connection: in a transaction.
        session: of the lender.
        directly: False: of those below them too.
    """
    distance = "AND distance = 0" if directly else ""
    below = f"SELECT allocation FROM lender WHERE session = ? {distance}"  # noqa: S608  # as above
    return _select(connection, f"id IN ({below})", session)


def everything(connection: Connection) -> list[Record]:
    """Read all rows, by name."""
    return _select(connection, "1")


def count_one(connection: Connection, allocations: Iterable[str]) -> None:
    """Count one more pod below each of these."""
    connection.executemany(
        "UPDATE allocation SET pods_spawned = pods_spawned + 1 WHERE id = ?",
        [(allocation,) for allocation in allocations],
    )


def limit(connection: Connection, allocation: str, limits: Limits) -> None:
    """Write down how many pods there may be below it from now on."""
    connection.execute(
        "UPDATE allocation SET pods_limit = ?, depth_limit = ? WHERE id = ?",
        (limits.pods, limits.depth, allocation),
    )


def lend_from(
    connection: Connection, record: Record, lenders: tuple[str, ...]
) -> Record:
    """Write down who lends it from now on."""
    connection.execute("DELETE FROM lender WHERE allocation = ?", (record.id,))
    _insert_lenders(connection, record.id, lenders)
    return msgspec.structs.replace(record, lenders=lenders)


def hand_over(
    connection: Connection, record: Record, *, token: str, process: ProcessIdentity
) -> Record:
    """Make `process` the holder, under a new token."""
    connection.execute(
        "UPDATE allocation SET token = ?, stage = 'adopted', process = ? WHERE id = ?",
        (token, _encode(process), record.id),
    )
    return msgspec.structs.replace(
        record, token=token, stage="adopted", process=process
    )


def remove(connection: Connection, places: Places, allocation: str) -> None:
    """Take a row and its life file away.

    If the transaction fails after this, the row stays without a life file, which means
    the same.
    """
    connection.execute("DELETE FROM root WHERE allocation = ?", (allocation,))
    connection.execute("DELETE FROM above WHERE allocation = ?", (allocation,))
    connection.execute("DELETE FROM lender WHERE allocation = ?", (allocation,))
    connection.execute("DELETE FROM allocation WHERE id = ?", (allocation,))
    life_file(places, allocation).unlink(missing_ok=True)


def is_free(places: Places, record: Record) -> bool:
    """Tell whether nothing lives that could write under this allocation."""
    return is_dead(life_file(places, record.id))


def _insert_lenders(
    connection: Connection, allocation: str, lenders: tuple[str, ...]
) -> None:
    connection.executemany(
        "INSERT INTO lender (allocation, session, distance) VALUES (?, ?, ?)",
        [(allocation, session, distance) for distance, session in enumerate(lenders)],
    )


def _select(connection: Connection, condition: str, *values: str) -> list[Record]:
    # Groups keep no order of their own, so each brings its distance with it.
    lenders = (
        "(SELECT json_group_array(json_array(distance, session)) FROM lender"
        " WHERE allocation = allocation.id)"
    )
    return [
        _read(row)
        for row in connection.execute(
            f"SELECT {_COLUMNS}, {lenders} FROM allocation WHERE {condition}"  # noqa: S608  # our constants
            " ORDER BY name",
            values,
        )
    ]


def _read(
    row: tuple[str, str, str, str, str, Stage, bytes, bytes, int, int, int, str],
) -> Record:
    (
        allocation, name, token, session, since, stage, process, grounded,
        pods_limit, depth_limit, pods_spawned, lenders,
    ) = row  # fmt: skip
    return Record(
        id=allocation,
        name=name,
        token=token,
        session=session,
        since=since,
        stage=stage,
        process=_decode_process(process),
        grounded=_decode_grounded(grounded),
        lenders=tuple(who for _, who in sorted(_decode_lenders(lenders))),
        limits=Limits(pods=pods_limit, depth=depth_limit),
        pods_spawned=pods_spawned,
    )
