"""The journal (G8): a chained append, and reading a session back."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

import msgspec
from ratio import compare, show

from podd.core.session import entries as e
from podd.journal.journal import Journal
from podd.journal.opening import create_journal
from podd.journal.session_directory import SessionDirectory
from podd.journal.verification import verify

APPENDS = 5_000
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

        read = compare(
            "G8 verify 50,000 entries", "1.4 (0.7x speed)", check, loop, rounds=7
        )
        show([append, read])


main()
