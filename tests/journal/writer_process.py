"""A process that writes a session until it is killed, or as long as it is told.

python writer_process.py append SESSIONS SESSION   print n after each sync, for ever
python writer_process.py hold SESSIONS SESSION     open, say `held`, wait for stdin
python writer_process.py fill SESSIONS SESSION     write until the disk is full, then
                                                   what fits into the reserve
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from podd.core.session import entries as e
from podd.errors import PoddError, StorageError
from podd.journal.journal import Journal
from podd.journal.opening import create_journal, open_journal
from podd.journal.session_directory import SessionDirectory
from podd.journal.verification import verify


def say(**values: object) -> None:
    print(json.dumps(values), flush=True)  # noqa: T201  # the test listens


def note(text: str) -> e.InputAccepted:
    return e.InputAccepted(turn="t1", cause="c1", origin="user", text=text)


def start(directory: SessionDirectory) -> Journal:
    if directory.journal.exists():
        return open_journal(directory, lambda entry: None)[0]
    journal = create_journal(directory)
    journal.append(
        e.SessionStarted(
            format=e.FORMAT,
            session=directory.session,
            pod="holder",
            origin=e.Origin(kind="new"),
            manifest={},
            podd="0.1.0",
        )
    )
    return journal


async def append(directory: SessionDirectory) -> None:
    journal = start(directory)
    number = 0
    while True:
        for _ in range(3):
            number += 1
            long = "x" * 70_000 if number % 20 == 0 else ""
            journal.append(note(f"note {number} {long}"))
        await journal.sync()
        say(durable=journal.last_n)
        if number % 10 == 0:
            await journal.record(pod="holder", state="idle", at="")


async def hold(directory: SessionDirectory) -> None:
    journal = start(directory)
    await journal.record(pod="holder", state="idle", at="")
    say(held=True)
    sys.stdin.read()


async def fill(directory: SessionDirectory) -> None:
    journal = start(directory)
    refused = None
    while refused is None:
        try:
            journal.append(note("x" * 30_000))
        except StorageError as error:
            refused = error
    filled = journal.last_n
    try:
        journal.restore_reserve()
        journal.release_reserve()
        journal.append(note("y" * 30_000))
        journal.append(note("y" * 30_000))
        journal.append(note("the end"))
        await journal.sync()
        await journal.record(pod="holder", state="closed", at="")
    except StorageError as error:
        say(lost=str(error))
    after_reserve = journal.last_n
    full_still = None
    while full_still is None:
        try:
            journal.append(note("z" * 30_000))
        except StorageError as error:
            full_still = error.kind
    try:
        journal.restore_reserve()
        restored = True
    except StorageError:
        restored = False
    was_full = journal.full is not None
    (directory.path.parent.parent / "ballast").unlink()
    journal.restore_reserve()
    journal.append(note("room again"))
    await journal.sync()
    last_n = journal.last_n
    journal.close()
    say(
        kind=refused.kind,
        into_reserve=after_reserve - filled,
        full_still=full_still,
        restored=restored,
        was_full=was_full,
        is_full=journal.full is not None,
        last_n=last_n,
        verified=verify(directory).last_n,
    )


if __name__ == "__main__":
    verb, sessions, session = sys.argv[1:]
    try:
        asyncio.run(
            {"append": append, "hold": hold, "fill": fill}[verb](
                SessionDirectory(Path(sessions) / session)
            )
        )
    except PoddError as error:
        say(error=error.code, **error.data)
        sys.exit(error.exit_code)
