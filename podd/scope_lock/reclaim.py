"""Freeing what the dead hold: by proof, never by pid or time-out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podd.scope_lock import record as records
from podd.scope_lock.life import is_dead
from podd.scope_lock.straggling import end_what_is_left
from podd.scope_lock.table import Table

if TYPE_CHECKING:
    from sqlite3 import Connection


class Freed(msgspec.Struct, frozen=True, kw_only=True):
    """An allocation that nobody held any more."""

    pod: str
    session: str
    since: str
    """RFC 3339; when it was taken."""


def reclaim(table: Table) -> tuple[Freed, ...]:
    """Free every allocation whose pod is dead, by name of its pod.

    What a dead pod left running is ended first; what cannot be ended keeps it. Life
    files without an allocation, left by a starter that died between the two, go
    too.
    """
    if not table.exists:
        return ()
    for record in table.transact(records.everything):
        if not records.is_free(table.places, record):
            end_what_is_left(table.places, record)
    return table.transact(lambda connection: _reclaim(connection, table))


def _reclaim(connection: Connection, table: Table) -> tuple[Freed, ...]:
    freed: list[Freed] = []
    held: set[str] = set()
    for record in records.everything(connection):
        if not records.is_free(table.places, record):
            held.add(record.id)
            continue
        records.remove(connection, table.places, record.id)
        freed.append(Freed(pod=record.name, session=record.session, since=record.since))
    if table.places.life_directory.is_dir():
        for life in table.places.life_directory.iterdir():
            if life.name not in held and is_dead(life):
                life.unlink()
    return tuple(freed)
