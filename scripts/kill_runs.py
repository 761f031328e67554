"""What the kill loops share: their options, their runs, and what they ask of pods."""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from podd.client.connection import PodConnection
from podd.client.discovery import pods
from podd.core.session import entries as e
from podd.errors import PoddError
from podd.journal.reader import read_entries
from podd.journal.session_directory import SessionDirectory
from podd.launch.start import Started, StartRequest, start
from podd.manifest.loading import load
from podd.manifest.request import LoadRequest
from podd.manifest.resolved import Resolved
from podd.paths import Places
from podd.testing.kill_case import BrokenPromiseError
from podd_protocol.events import TurnEnded
from podd_protocol.requests import Run, Subscribe

#: Nothing here takes nearly as long; what does, hangs.
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    kills: int
    size: int
    """What a loop counts in its own way: steps, rounds, or runs at once."""
    seed: int

    @classmethod
    def read(cls, purpose: str, *, size: str, usual: int) -> Options:
        """Read the command line; the option `size` is the loop's own."""
        parser = argparse.ArgumentParser(description=purpose.partition("\n")[0])
        parser.add_argument("--kills", type=int, default=100)
        parser.add_argument(f"--{size}", type=int, default=usual)
        parser.add_argument("--seed", type=int, default=None)
        found = vars(parser.parse_args())
        seed = found["seed"]
        if seed is None:
            seed = random.SystemRandom().getrandbits(32)
        print(f"seed {seed}", file=sys.stderr)
        return cls(found["kills"], found[size], seed)


class Tally(Protocol):
    """What was seen."""

    kills: int
    turns: int


def run(
    options: Options,
    tally: Tally,
    one_turn: Callable[[Places, random.Random, int], None],
) -> int:
    """Run turns until there were enough kills.

    Args:
        options: how many, and the seed.
        tally: what `one_turn` counts in.
        one_turn: runs one in its own places, with at most so many kills.

    Returns:
        The exit status: 1 at the first promise that does not hold, which is said.
    """
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as directory:
        while tally.kills < options.kills:
            root = Path(directory) / str(tally.turns)
            root.mkdir()
            places = Places(root / "run", root / "state", root / "config")
            try:
                one_turn(places, chance, options.kills - tally.kills)
            except (BrokenPromiseError, PoddError) as error:
                print(f"after {tally.kills} kills, in {root}: {error}", file=sys.stderr)
                return 1
            finally:
                end_what_lives(places)
            print(f"{tally.kills} kills, {tally.turns} turns", file=sys.stderr)
    return 0


def end_what_lives(places: Places) -> None:
    """After a broken promise a pod may still run; it ends with the loop."""
    for pod in pods(places):
        if pod.pid is not None:
            os.kill(pod.pid, signal.SIGKILL)


def resolved(places: Places) -> Resolved:
    """The manifest `pod.toml` beside the runtime directory."""
    root = places.runtime.parent
    return load(
        LoadRequest(
            file=root / "pod.toml",
            overrides=[],
            caller_directory=root,
            environment=os.environ,
            places=places,
        )
    )


def resume(places: Places, session: str) -> Started:
    return start(StartRequest(places=places, resolved=None, resume=session))


def ask_for_work(started: Started) -> str | None:
    """Give it its one input; the cause that it is told under."""
    with PodConnection.open(Path(started.socket)) as pod:
        return pod.ask(Run(id=0, input="work", key="the one")).cause


def wait_for_end(started: Started, seconds: float) -> bool:
    """Follow the pod for so long; whether its turn has ended."""
    deadline = time.monotonic() + seconds
    try:
        with PodConnection.open(Path(started.socket)) as pod:
            pod.ask(Subscribe(id=0, after=0))
            while (left := deadline - time.monotonic()) > 0:
                for heard in pod.events(timeout_seconds=left):
                    if isinstance(heard.event, TurnEnded):
                        return True
    except PoddError:
        return False
    return False


def kill(started: Started) -> None:
    os.kill(started.pid, signal.SIGKILL)
    os.waitpid(started.pid, 0)


def has_ended(session: SessionDirectory) -> bool:
    return any(isinstance(entry, e.TurnEnded) for _, entry in read_entries(session))


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001  # an assertion's shape
    if not holds:
        raise BrokenPromiseError(otherwise)
