"""One row of the table, and how it gets in and out."""

from __future__ import annotations

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

_COLUMNS: Final = "id, name, token, parent, session, since, stage, process, grounded"

_encode = msgspec.json.Encoder().encode
_decode_process = msgspec.json.Decoder(ProcessIdentity).decode
_decode_grounded = msgspec.json.Decoder(Grounded).decode


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """An allocation, as the table has it."""

    id: str
    name: str
    token: str
    """Changed by each handover; whoever knows it may change the row."""
    parent: str | None
    """Id of the allocation that this one was lent from; None: top level."""
    session: str
    since: str
    """RFC 3339."""
    stage: Stage
    process: ProcessIdentity
    grounded: Grounded


def life_file(places: Places, allocation: str) -> Path:
    """Name the life file of an allocation."""
    return places.life_directory / allocation


def insert(connection: Connection, record: Record) -> None:
    """Put a new row into the table, with what conflicts are searched by."""
    connection.execute(
        f"INSERT INTO allocation ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # our constant
        (
            record.id,
            record.name,
            record.token,
            record.parent,
            record.session,
            record.since,
            record.stage,
            _encode(record.process),
            _encode(record.grounded),
        ),
    )
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
    return _one(connection, "id", allocation)


def by_name(connection: Connection, name: str) -> Record | None:
    """Read the row of a pod, live or not; None: there is none."""
    return _one(connection, "name", name)


def everything(connection: Connection) -> list[Record]:
    """Read all rows, by name."""
    return [
        _read(row)
        for row in connection.execute(
            f"SELECT {_COLUMNS} FROM allocation ORDER BY name"  # noqa: S608  # our constant
        )
    ]


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
    connection.execute("DELETE FROM allocation WHERE id = ?", (allocation,))
    life_file(places, allocation).unlink(missing_ok=True)


def is_free(places: Places, record: Record) -> bool:
    """Tell whether nothing lives that could write under this allocation."""
    return is_dead(life_file(places, record.id))


def _one(
    connection: Connection, column: Literal["id", "name"], value: str
) -> Record | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM allocation WHERE {column} = ?",  # noqa: S608  # closed set
        (value,),
    ).fetchone()
    return None if row is None else _read(row)


def _read(
    row: tuple[str, str, str, str | None, str, str, Stage, bytes, bytes],
) -> Record:
    allocation, name, token, parent, session, since, stage, process, grounded = row
    return Record(
        id=allocation,
        name=name,
        token=token,
        parent=parent,
        session=session,
        since=since,
        stage=stage,
        process=_decode_process(process),
        grounded=_decode_grounded(grounded),
    )
