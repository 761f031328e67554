"""Kill a pod with children and commands at random moments, restore it, and check.

A scripted turn goes through rounds: a command in the background that writes for ever,
a child on loan, waiting for it, ending it. After each kill the journal must verify, and
once the pod is back no command of the killed one may write. When the turn has ended at
last, every call must have exactly one result, every loan must have been made at most
once and be returned exactly once, no child may have got its task twice or been heard
twice, and neither an allocation nor a process may be left.

Exits 1 and says what, at the first promise that does not hold.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

from kill_runs import (
    PATIENCE_SECONDS,
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

from podd.client.discovery import pods
from podd.core.context.conversation import ToolCallPart
from podd.core.session import entries as e
from podd.core.session.entry import Entry
from podd.journal.reader import read_entries
from podd.journal.session_directory import SessionDirectory
from podd.journal.verification import verify
from podd.launch.ending import end
from podd.launch.start import Started, StartRequest, start
from podd.paths import Places
from podd.scope_lock.listing import allocations
from podd.scope_lock.table import Table

#: A round takes about this long; kills fall anywhere in one, and before the first.
ROUND_SECONDS = 1.0
#: One kill in so many takes a child along.
WITH_A_CHILD = 4

PARENT = "victim"

CHILD = """
[[step]]
text = ""
[[step.call]]
tool = "bash"
arguments = { command = "echo by the child >> made" }
[[step]]
text = "made it"
stream = { chunk_chars = 1, delay_seconds = 0.01 }
"""

#: The command is stopped first: what a command may write is not lent.
ROUND = """
[[step]]
text = "round NUMBER"
[[step.call]]
tool = "bash"
label = "back"
arguments = { command = "while :; do echo x >> back/NUMBER; done", background = true }
[[step.call]]
tool = "bash"
arguments = { command = "sleep 0.2" }
[[step]]
text = ""
[[step.call]]
tool = "stop_command"
arguments = { command = "{{result back | find as '([^']+)'}}" }
[[step]]
text = ""
[[step.call]]
tool = "spawn_pod"
[step.call.arguments]
name = "cNUMBER"
task = "make it"
manifest = "child.toml"
scope = { write = ["lent/NUMBER"] }
[[step]]
text = ""
[[step.call]]
tool = "wait_pods"
arguments = { names = ["cNUMBER"], timeout_seconds = 20 }
[[step]]
text = ""
[[step.call]]
tool = "stop_pod"
arguments = { name = "cNUMBER" }
[[step]]
text = ""
[[step.call]]
tool = "write_file"
arguments = { path = "lent/NUMBER/mine", content = "the parent's again" }
"""


@dataclass
class Tally:
    """What was seen."""

    kills: int = 0
    children_killed: int = 0
    turns: int = 0
    loans: int = 0
    ends: Counter[str] = field(default_factory=Counter)


def main() -> int:
    """Run the loop."""
    options = Options.read(__doc__ or "", size="rounds", usual=5)
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
    ends = ", ".join(f"{number} {end}" for end, number in sorted(tally.ends.items()))
    print(
        f"{tally.kills} kills ({tally.children_killed} with a child), {tally.turns} "
        f"turns, {tally.loans} loans each returned once ({ends}), no task given twice, "
        "no report heard twice, no writer left, every journal verified"
    )
    return 0


def one_turn(
    places: Places, chance: random.Random, rounds: int, most: int, tally: Tally
) -> None:
    """One session: started, killed and restored until its turn has ended."""
    root = places.runtime.parent
    work = root / "work"
    write_pods(root, rounds)
    started = start(StartRequest(places=places, resolved=resolved(places)))
    session = SessionDirectory(places.session(started.session))
    ask_for_work(started)
    for _ in range(min(chance.randint(2, 8), most)):
        if wait_for_end(started, chance.uniform(0.0, 2 * ROUND_SECONDS)):
            break
        if not chance.randrange(WITH_A_CHILD):
            tally.children_killed += kill_a_child(places, started, chance)
        kill(started)
        tally.kills += 1
        begun = set(sizes(work))
        verify(session)
        started = resume(places, started.session)
        expect_no_writer(work, begun)
    expect(wait_for_end(started, PATIENCE_SECONDS * 2), "the turn did not end")
    expect(has_ended(session), "the end was told and is not in the journal")
    end(places, PARENT, timeout_seconds=PATIENCE_SECONDS)
    os.waitpid(started.pid, 0)
    expect_no_writer(work, set(sizes(work)))
    with Table(places) as table:
        left = [found.pod for found in allocations(table)]
    expect(not left, f"still allocated: {left}")
    check(places, session, work, tally)
    tally.turns += 1


def write_pods(root: Path, rounds: int) -> None:
    work = root / "work"
    for name in ("back", "lent"):
        (work / name).mkdir(parents=True)
    model = '[model]\nref = "scripted/s"\nscript = '
    (work / "child.toml").write_text(f'{model}"child.script"\n', encoding="utf-8")
    (work / "child.script").write_text(CHILD, encoding="utf-8")
    (root / "pod.toml").write_text(
        f'[pod]\nname = "{PARENT}"\nworkdir = "work"\n{model}"s.toml"\n'
        f"[agent]\nmax_steps = {6 * rounds + 10}\n"
        f'[scope]\nread = ["."]\nwrite = ["."]\n[limits]\npods = {rounds + 1}\n',
        encoding="utf-8",
    )
    script = "".join(ROUND.replace("NUMBER", str(n)) for n in range(1, rounds + 1))
    (root / "s.toml").write_text(script + '[[step]]\ntext = "done"\n', encoding="utf-8")


def kill_a_child(places: Places, parent: Started, chance: random.Random) -> int:
    """Whether there was one."""
    living = [
        pod.pid for pod in pods(places) if pod.pid is not None and pod.pid != parent.pid
    ]
    if not living:
        return 0
    os.kill(chance.choice(living), signal.SIGKILL)
    return 1


def expect_no_writer(work: Path, files: set[str]) -> None:
    """What wrote these files in the background must be dead as its pod was.

    Each is one command's, and no command is run again.
    """
    before = sizes(work)
    time.sleep(0.05)
    after = sizes(work)
    grown = [name for name in files if after[name] > before[name]]
    expect(not grown, f"somebody still writes: {grown}")


def sizes(work: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in (work / "back").iterdir()}


def check(places: Places, session: SessionDirectory, work: Path, tally: Tally) -> None:
    """Hold the journals against the promises."""
    verify(session)
    journal = [entry for _, entry in read_entries(session)]
    asked = [
        part.call
        for entry in journal
        if isinstance(entry, e.ModelResponded)
        for part in entry.parts
        if isinstance(part, ToolCallPart)
    ]
    results = Counter(x.call for x in journal if isinstance(x, e.ToolResulted))
    expect(results == Counter(asked), "a call has not exactly one result")
    ends = [x for x in journal if isinstance(x, e.TurnEnded)]
    expect(ends[0].text == "done", f"it ended with {ends[0].outcome}: {ends[0].text!r}")
    intended = [x.session for x in journal if isinstance(x, e.LoanIntended)]
    made = [x.session for x in journal if isinstance(x, e.LoanMade)]
    returned = [x.session for x in journal if isinstance(x, e.LoanReturned)]
    expect(len(set(intended)) == len(intended), "two loans to one session")
    expect(max(Counter(made).values(), default=0) <= 1, "a loan was made twice")
    expect(
        sorted(returned) == sorted(intended),
        f"{len(intended)} loans, {len(returned)} returned",
    )
    heard = Counter(
        (x.session, x.turn)
        for x in journal
        if isinstance(x, e.ChildNews) and x.news == "turn_ended"
    )
    expect(max(heard.values(), default=0) <= 1, "a report was heard twice")
    for number, child in enumerate(intended, start=1):
        check_child(places, child, number, work, journal)
    tally.loans += len(intended)
    tally.ends.update(x.end for x in journal if isinstance(x, e.LoanReturned))


def check_child(
    places: Places, session: str, number: int, work: Path, journal: Sequence[Entry]
) -> None:
    directory = SessionDirectory(places.session(session))
    if not directory.path.exists():
        return  # it was never born
    verify(directory)
    own = [entry for _, entry in read_entries(directory)]
    tasks = [x for x in own if isinstance(x, e.InputAccepted)]
    expect(len(tasks) <= 1, f"child {number} got its task {len(tasks)} times")
    made = work / "lent" / str(number) / "made"
    lines = made.read_text(encoding="utf-8").count("\n") if made.exists() else 0
    expect(lines <= 1, f"child {number} did it {lines} times")
    over = {x.turn for x in own if isinstance(x, e.TurnEnded)}
    heard = {
        x.turn
        for x in journal
        if isinstance(x, e.ChildNews) and x.session == session and x.turn in over
    }
    expect(heard == over, f"child {number}: turns {over} are over, heard of {heard}")


if __name__ == "__main__":
    sys.exit(main())
