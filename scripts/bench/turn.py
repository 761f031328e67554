"""A whole turn (G10): model, tool, model, streamed, against a raw httpx loop.

The pod does all that a pod does: journal, events to a subscriber, scope check. Its
state lies in memory (/dev/shm), so that syncing to a disk is left out on both sides.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

from model_server import serving
from pods import RunningPod, manifest
from ratio import compare, show
from raw_loop import RawLoop

from podd.core.context.conversation import TextPart
from podd.core.session import entries as e
from podd.core.session.stamps import uuid7
from podd.journal.opening import create_journal
from podd.journal.session_directory import SessionDirectory
from podd.manifest.document import to_document
from podd.manifest.resolved import Resolved
from podd.paths import Places
from podd_protocol.values import Completed, Usage

#: Messages before, and the goal.
HISTORIES = ((0, "2.0"), (50, "2.0"), (500, "2.0"), (2_000, "1.5"))
ROUNDS = 25


def session_with(places: Places, resolved: Resolved, history: int) -> str:
    """A session whose conversation has so many messages already."""
    session = uuid7(time.time_ns() // 1_000_000, os.urandom(10))
    journal = create_journal(SessionDirectory(places.session(session)))
    journal.append(
        e.SessionStarted(
            format=e.FORMAT,
            session=session,
            pod="bench",
            origin=e.Origin(kind="new"),
            manifest=to_document(resolved),
            podd="bench",
        )
    )
    for number in range(1, history // 2 + 1):
        turn, cause = f"t{number}", f"c{number}"
        question, answer = f"question {number} " * 8, f"answer {number} " * 8
        for entry in (
            e.InputAccepted(turn=turn, cause=cause, origin="user", text=question),
            e.TurnStarted(turn=turn, causes=(cause,)),
            e.ModelResponded(
                turn=turn,
                step=1,
                attempt=1,
                parts=(TextPart(answer),),
                stop_reason="stop",
                usage=Usage(requests=1),
            ),
            e.TurnEnded(turn=turn, outcome=Completed(), text=answer, usage=Usage()),
        ):
            journal.append(entry)
    journal.close()
    return session


def main() -> None:
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
    figures = []
    with (
        serving() as server,
        tempfile.TemporaryDirectory(prefix="bench-", dir=memory) as directory,
    ):
        root = Path(directory)
        places = Places(root / "run", root / "state", root / "config")
        url = f"{server}/v1"
        resolved = manifest(root, places, url)
        for history, goal in HISTORIES:
            session = session_with(places, resolved, history) if history else None
            name = f"G10 run, {history:,} messages before"
            raw = RawLoop(url, history, root)
            with RunningPod(places, resolved, session) as pod:
                figures.append(compare(name, goal, pod, raw, rounds=ROUNDS))
    show(figures)


main()
