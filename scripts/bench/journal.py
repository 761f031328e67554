"""The journal (G8): a chained append with and without sync, reading, restoring."""

from __future__ import annotations

import gc
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

import anyio
import msgspec
from ratio import Figure, compare, show

from podd.core.pod.fold import apply
from podd.core.pod.state import PodState
from podd.core.session import entries as e
from podd.journal.journal import Journal
from podd.journal.opening import create_journal, open_journal
from podd.journal.session_directory import SessionDirectory
from podd.journal.verification import verify
from podd.testing import long_session

APPENDS = 5_000
SYNCS = 300
RESTORED = 100_000
SESSION = "01900000-0000-7000-8000-000000000000"
ENTRY = e.ToolResulted(
    at="2026-01-01T00:00:00.000Z",
    seq=1,
    turn="t1",
    step=1,
    call="t1.1.1",
    name="read_file",
    status="ok",
    summary="read a file",
    output="x" * 850,
)


def fresh(root: Path) -> Journal:
    root.mkdir()
    journal = create_journal(SessionDirectory(root / SESSION))
    journal.append(
        e.SessionStarted(
            format=e.FORMAT,
            session=SESSION,
            pod="bench",
            origin=e.Origin(kind="new"),
            manifest={},
            podd="0",
        )
    )
    return journal


def _synced(root: Path) -> Figure:
    """One entry and one sync at a time, against a bare write and fdatasync."""
    number = 0

    def ours() -> float:
        nonlocal number
        number += 1
        journal = fresh(root / f"synced-{number}")

        async def append() -> float:
            await journal.sync()
            before = time.perf_counter()
            for _ in range(SYNCS):
                journal.append(ENTRY)
                await journal.sync()
            return time.perf_counter() - before

        took = anyio.run(append)
        journal.close()
        return took

    def bare() -> float:
        line = msgspec.json.encode(ENTRY) + b"\n"
        file = os.open(root / "synced-bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        before = time.perf_counter()
        for _ in range(SYNCS):
            os.write(file, line)
            os.fdatasync(file)
        took = time.perf_counter() - before
        os.close(file)
        return took

    return compare(f"{SYNCS} appends, each synced", "", ours, bare, rounds=5)


def _restored(root: Path) -> tuple[Figure, float]:
    """Open and fold a long session, against reading and decoding its lines.

    Also the memory that a process of its own needs for it, in MB.
    """
    directory = SessionDirectory(root / long_session.SESSION)
    journal = create_journal(directory)
    for entry in long_session.entries(RESTORED):
        journal.append(entry)
    journal.close()

    def ours() -> float:
        state = PodState()
        gc.collect()
        gc.disable()  # as a pod that is not ready yet
        before = time.perf_counter()
        opened, _ = open_journal(directory, lambda entry: apply(state, entry))
        took = time.perf_counter() - before
        gc.enable()
        opened.close()
        return took

    restored = compare(
        f"G8 restore {RESTORED:,} entries",
        "1.4",
        ours,
        lambda: _checked(directory),
        rounds=5,
    )
    child = subprocess.run(  # this very file
        [sys.executable, "-I", __file__, str(directory.path)],
        check=True,
        capture_output=True,
        text=True,
    )
    return restored, float(child.stdout)


def _checked(session: SessionDirectory) -> float:
    """Read, chain and decode every line: what nobody who restores can do without."""
    decoder = msgspec.json.Decoder(e.AnyEntry)
    digest = b"0" * 64
    before = time.perf_counter()
    with session.journal.open("rb") as file:
        for line in file:
            body = line[: line.rindex(b',"digest"')]
            digest = hashlib.sha256(digest + body).hexdigest().encode()
            if digest != line[-67:-3]:
                raise ValueError(line)
            decoder.decode(line)
    return time.perf_counter() - before


def peak(path: Path) -> None:
    """Restore a session and print the most memory that was in use, in MB."""
    state = PodState()
    opened, _ = open_journal(SessionDirectory(path), lambda entry: apply(state, entry))
    opened.close()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        root = Path(directory)
        number = 0

        def ours() -> float:
            nonlocal number
            number += 1
            journal = fresh(root / str(number))
            before = time.perf_counter()
            for _ in range(APPENDS):
                journal.append(ENTRY)
            took = time.perf_counter() - before
            journal.close()
            return took

        def bare() -> float:
            encoder, digest = msgspec.json.Encoder(), b"0" * 64
            file = os.open(root / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            before = time.perf_counter()
            for _ in range(APPENDS):
                body = encoder.encode(ENTRY)[:-1]
                digest = hashlib.sha256(digest + body).hexdigest().encode()
                os.write(file, body + b',"digest":"' + digest + b'"}\n')
            took = time.perf_counter() - before
            os.close(file)
            return took

        append = compare("G8 5,000 chained appends", "2.0", ours, bare)
        long = fresh(root / "long")
        for _ in range(50_000):
            long.append(ENTRY)
        long.close()
        session = SessionDirectory(root / "long" / SESSION)

        def check() -> float:
            before = time.perf_counter()
            verify(session)
            return time.perf_counter() - before

        def loop() -> float:
            return _checked(session)

        read = compare(
            "G8 verify 50,000 entries", "1.4 (0.7x speed)", check, loop, rounds=7
        )
        synced = _synced(root)
        restored, megabytes = _restored(root)
        show([append, read, synced, restored])
        print(f"a restore of {RESTORED:,} entries needs {megabytes:.0f} MB in all")


if len(sys.argv) > 1:
    peak(Path(sys.argv[1]))
else:
    main()
