"""Whether the pod that lends to us lives."""

from __future__ import annotations

from podd.scope_lock import record as records
from podd.scope_lock.lease import Lease
from podd.scope_lock.life import is_locked
from podd.scope_lock.record import life_file
from podd.scope_lock.table import Table


def lender_lives(lease: Lease, table: Table) -> bool:
    """Look at the life lock of our lender, whoever that is by now.

    A lender that was restored has another allocation under the same session, and one
    that died may have left us to its own lender. What cannot be found out proves no
    death: then our own lease is in doubt, which others look after.
    """
    import sqlite3

    try:
        reader = table.reader()
    except sqlite3.Error:
        return True
    try:
        own = records.by_id(reader, lease.allocation)
        if own is None or own.lender is None:
            return True
        return any(
            is_locked(life_file(table.places, record.id))
            for record in records.by_session(reader, own.lender)
        )
    except sqlite3.Error:
        return True
    finally:
        reader.close()
