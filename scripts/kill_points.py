"""Kill a scripted family at each durable point and at random instants, and compare.

A parent with parallel calls, a provider that fails, a child, an approval, a question, a
steer and a pause is killed at a write or a sync of its journal, or anywhere, restored
and driven to its end. What it comes to must be what an undisturbed run comes to
(`podd.testing.undisturbed` says exactly), and nothing may have been done twice.

Exits 1 and says what, at the first promise that does not hold.
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

from kill_runs import Options

from podd.core.session import entries as e
from podd.errors import PoddError
from podd.testing.kill_case import (
    BrokenPromiseError,
    Kill,
    KillReport,
    at_random,
    points_of,
    run_case,
)

#: How many syncs a run has; it depends a little on what comes together. A point that
#: is not reached is no kill.
SYNCS = 18

#: Between two words about how far it is.
PROGRESS_KILLS = 20


class Tally:
    """What was seen."""

    def __init__(self) -> None:
        self.kills = 0
        self.runs = 0
        self.unknown = 0
        self.restores: list[float] = []

    def take(self, report: KillReport) -> None:
        before = self.kills
        self.kills += report.kills
        self.runs += 1
        self.unknown += report.unknown
        self.restores += report.restores
        if before // PROGRESS_KILLS < self.kills // PROGRESS_KILLS:
            print(f"{self.kills} kills, {self.runs} runs", file=sys.stderr)


def main() -> int:
    """Run the loop."""
    options = Options.read(__doc__ or "", size="jobs", usual=1)
    chance = random.Random(options.seed)
    began = time.monotonic()
    undisturbed = run_case((), None)
    tally = Tally()
    cases = cases_of(undisturbed, chance, options.kills)
    failure = run_all(cases, undisturbed.journal, options, tally)
    if failure is not None:
        print(f"after {tally.kills} kills: {failure}", file=sys.stderr)
        return 1
    restores = sorted(tally.restores)
    median = restores[len(restores) // 2] if restores else 0.0
    print(
        f"{tally.kills} kills, {tally.runs} runs, each with the undisturbed end "
        f"({tally.unknown} calls cut off), nothing done twice, no input lost, every "
        f"journal verified; restore {median:.2f} s (median), "
        f"{time.monotonic() - began:.0f} s in all"
    )
    return 0


def cases_of(
    undisturbed: KillReport, chance: random.Random, kills: int
) -> Iterator[Sequence[Kill]]:
    """Each durable point once, as far as half of the kills reach; then any instant."""
    points = points_of(undisturbed.journal, SYNCS)
    chance.shuffle(points)
    yield from ((point,) for point in points[: (kills + 1) // 2])
    while True:
        yield at_random(chance, undisturbed.seconds)


def run_all(
    cases: Iterator[Sequence[Kill]],
    undisturbed: Sequence[e.AnyEntry],
    options: Options,
    tally: Tally,
) -> str | None:
    """Run cases until there were enough kills; the first promise that was broken."""
    context = multiprocessing.get_context("fork")
    running: dict[Future[KillReport], Sequence[Kill]] = {}
    with ProcessPoolExecutor(options.size, mp_context=context) as pool:
        while tally.kills < options.kills:
            while len(running) < options.size:
                case = next(cases)
                running[pool.submit(run_case, case, undisturbed)] = case
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                case = running.pop(done)
                try:
                    tally.take(done.result())
                except (BrokenPromiseError, PoddError) as error:
                    return f"killed at {', '.join(map(str, case))}: {error}"
    return None


if __name__ == "__main__":
    sys.exit(main())
