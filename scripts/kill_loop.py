"""Kill a working pod with SIGKILL at random moments, restore it, and check.

A scripted turn writes one file a step. After each kill the journal must verify; when
the turn has ended at last, every call must have exactly one result, no file may have
been written twice (the kernel counts, by inotify), no accepted input may be lost, and
what stands on the disk must be what the journal says.

Exits 1 and says what, at the first promise that does not hold.
"""

from __future__ import annotations

import ctypes
import os
import random
import select
import struct
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

from kill_runs import (
    PATIENCE_SECONDS,
    BrokenPromiseError,
    Options,
    ask_for_work,
    expect,
    has_ended,
    kill,
    resolved,
    resume,
    run,
    wait_for_end,
)

from podd.client.connection import PodConnection
from podd.core.session import entries as e
from podd.core.turn.settings import DRAIN_SECONDS
from podd.journal.reader import read_entries
from podd.journal.session_directory import SessionDirectory
from podd.journal.verification import verify
from podd.launch.start import Started, StartRequest, start
from podd.paths import Places
from podd_protocol.requests import Shutdown

#: A turn of 20 steps takes about this long; kills fall anywhere in it, and before it.
TURN_SECONDS = 1.2

IN_MOVED_TO = 0x80


class Witness:
    """Counts how often a name in one directory was replaced, as the kernel sees it."""

    def __init__(self, directory: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        watch = libc.inotify_add_watch(
            self._descriptor, os.fsencode(directory), IN_MOVED_TO
        )
        if self._descriptor < 0 or watch < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        self.writes: Counter[str] = Counter()

    def look(self) -> None:
        """Take in what has happened so far."""
        while select.select([self._descriptor], [], [], 0)[0]:
            data = os.read(self._descriptor, 65_536)
            while data:
                _, _, _, length = struct.unpack_from("iIII", data)
                name = data[16 : 16 + length].rstrip(b"\0").decode()
                self.writes[name] += 1
                data = data[16 + length :]

    def close(self) -> None:
        os.close(self._descriptor)


@dataclass
class Tally:
    """What was seen."""

    kills: int = 0
    turns: int = 0
    calls: int = 0
    unknown: int = 0
    """Calls that a kill left open, and the model was told so."""
    restores: list[float] = field(default_factory=list)
    """Seconds from asking for a restore to a pod that answers."""


def main() -> int:
    """Run the loop."""
    options = Options.read(__doc__ or "", size="steps", usual=20)
    tally = Tally()
    status = run(
        options,
        tally,
        lambda places, chance, most: one_turn(
            places, chance, options.size, most, tally
        ),
    )
    if status:
        return status
    restores = sorted(tally.restores)
    median = restores[len(restores) // 2] if restores else 0.0
    print(
        f"{tally.kills} kills, {tally.turns} turns, {tally.calls} calls with one "
        f"result each ({tally.unknown} unknown), no file written twice, no input "
        f"lost, every journal verified; restore {median:.2f} s (median)"
    )
    return 0


def one_turn(
    places: Places, chance: random.Random, steps: int, most: int, tally: Tally
) -> None:
    """One session: started, killed and restored until its turn has ended."""
    root = places.runtime.parent
    out = root / "out"
    out.mkdir()
    write_pod(root, steps)
    witness = Witness(out)
    started = start(StartRequest(places=places, resolved=resolved(places)))
    session = SessionDirectory(places.session(started.session))
    accepted = ask_for_work(started)
    # More kills in some turns than in others: early, late, twice in a row.
    for _ in range(min(chance.randint(1, 8), most)):
        ended = wait_for_end(started, chance.uniform(0.0, TURN_SECONDS))
        kill(started)
        tally.kills += 1
        verify(session)
        if ended:
            break
        before = time.monotonic()
        started = resume(places, started.session)
        tally.restores.append(time.monotonic() - before)
    else:
        if not wait_for_end(started, PATIENCE_SECONDS):
            raise BrokenPromiseError("the turn did not end")
        end(started)
    if not has_ended(session):
        started = resume(places, started.session)
        if not wait_for_end(started, PATIENCE_SECONDS):
            raise BrokenPromiseError("the turn did not end after the last kill")
        end(started)
    witness.look()
    check(session, out, witness, accepted, steps, tally)
    witness.close()
    tally.turns += 1


def write_pod(root: Path, steps: int) -> None:
    (root / "pod.toml").write_text(
        '[pod]\nname = "victim"\n'
        '[model]\nprovider = "scripted"\nname = "s"\nscript = "s.toml"\n'
        f"[agent]\nmax_steps = {steps + 5}\n"
        '[scope]\nread = ["."]\nwrite = ["out"]\n',
        encoding="utf-8",
    )
    script = "".join(
        f'[[step]]\ntext = "step {number}"\n'
        "stream = { chunk_chars = 2, delay_seconds = 0.005 }\n"
        "[[step.call]]\n"
        'tool = "write_file"\n'
        f'arguments = {{ path = "out/{number}.txt", content = "{number}" }}\n'
        "[[step.call]]\n"
        'tool = "glob"\n'
        'arguments = { pattern = "out/*" }\n'
        for number in range(1, steps + 1)
    )
    (root / "s.toml").write_text(script + '[[step]]\ntext = "done"\n', encoding="utf-8")


def end(started: Started) -> None:
    with PodConnection.open(Path(started.socket)) as pod:
        pod.ask(Shutdown(id=0))
    watched = os.pidfd_open(started.pid)
    if not select.select([watched], [], [], DRAIN_SECONDS * 2)[0]:
        raise BrokenPromiseError("the pod did not end")
    os.close(watched)
    os.waitpid(started.pid, 0)


def check(  # noqa: PLR0917  # all that there is to hold against each other
    session: SessionDirectory,
    out: Path,
    witness: Witness,
    accepted: str | None,
    steps: int,
    tally: Tally,
) -> None:
    """Hold the journal against the promises, and the disk against the journal."""
    verify(session)
    entries = [entry for _, entry in read_entries(session)]
    asked = [
        part.call
        for entry in entries
        if isinstance(entry, e.ModelResponded)
        for part in entry.parts
        if part.__struct_config__.tag == "tool_call"
    ]
    results = Counter(x.call for x in entries if isinstance(x, e.ToolResulted))
    expect(len(asked) == 2 * steps, f"{len(asked)} calls, not {2 * steps}")
    expect(len(set(asked)) == len(asked), "two calls of one id")
    expect(results == Counter(asked), "a call has not exactly one result")
    inputs = [x.cause for x in entries if isinstance(x, e.InputAccepted)]
    expect(inputs == [accepted], f"accepted {accepted}, journalled {inputs}")
    taken = [c for x in entries if isinstance(x, e.TurnStarted) for c in x.causes]
    expect(taken == [accepted], f"accepted {accepted}, taken in {taken}")
    ends = [x for x in entries if isinstance(x, e.TurnEnded)]
    expect(len(ends) == 1, f"{len(ends)} ends of one turn")
    expect(ends[0].text == "done", f"it ended with {ends[0].text!r}")
    twice = {name: n for name, n in witness.writes.items() if n > 1}
    expect(not twice, f"written more than once: {twice}")
    changed = Counter(
        Path(x.path).name for x in entries if isinstance(x, e.FileChanged)
    )
    unsaid = set(changed) - set(witness.writes)
    expect(not unsaid, f"journalled, but not on the disk: {unsaid}")
    written = {p.name for p in out.iterdir() if p.suffix == ".txt"}
    for name in written:
        content = (out / name).read_text(encoding="utf-8")
        expect(content == Path(name).stem, f"{name} holds {content!r}")
    unknown = [
        x for x in entries if isinstance(x, e.ToolResulted) and x.status == "unknown"
    ]
    expect(
        len(written) + len(unknown) >= steps,
        f"{len(written)} files and {len(unknown)} unknown results for {steps} steps",
    )
    tally.calls += len(asked)
    tally.unknown += len(unknown)


if __name__ == "__main__":
    sys.exit(main())
