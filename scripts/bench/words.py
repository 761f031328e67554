"""CPU for each streamed word (G9): a pod, against a raw httpx reader.

The pod decodes, numbers and encodes an event for each word and sends it to a client;
the reader decodes and forgets. What the client costs is in neither. Paced, most of it
is waking up; in a burst, most of it is the work.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

from model_server import serving
from pods import RunningPod, manifest
from ratio import Figure, compare, show

from podd.paths import Places

#: Name, path, words, rounds, goal. A word every 10 ms is a fast model.
CASES = (
    ("G9 a paced word", "/paced/200/10", 200, 9, "1.3"),
    ("G9 a word of a burst", "/burst/10000", 10_000, 9, ""),
)


def processor_seconds(pid: int) -> float:
    """What all threads of a process have used."""
    spent = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(file.read_text("ascii").split()[0]) for file in spent) / 1e9


class RawReader:
    """The reader, in a process of its own."""

    def __init__(self, url: str) -> None:
        script = str(Path(__file__).parent / "raw_loop.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", script, url, "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="ascii",
        )
        self.pid = self._process.pid

    def read(self) -> int:
        """Have an answer read; how many words it had."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None, "a pipe was asked for"
        assert stdout is not None, "a pipe was asked for"
        stdin.write("\n")
        stdin.flush()
        return int(stdout.readline())

    def end(self) -> None:
        self._process.communicate()


def measured(root: Path, url: str, words: int, name: str, goal: str) -> Figure:
    places = Places(root / "run", root / "state", root / "config")
    reader = RawReader(url)

    def yardstick() -> float:
        before = processor_seconds(reader.pid)
        if (heard := reader.read()) != words:
            raise RuntimeError(f"{heard} words of {words}")
        return (processor_seconds(reader.pid) - before) / words

    with RunningPod(places, manifest(root, places, url), None) as pod:

        def ours() -> float:
            before = processor_seconds(pod.started.pid)
            pod()
            return (processor_seconds(pod.started.pid) - before) / words

        rounds = next(case[3] for case in CASES if case[0] == name)
        figure = compare(name, goal, ours, yardstick, rounds=rounds)
    reader.end()
    return figure


def main() -> None:
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
    figures = []
    with serving() as server:
        for name, path, words, _, goal in CASES:
            with tempfile.TemporaryDirectory(prefix="bench-", dir=memory) as directory:
                url = f"{server}{path}"
                figures.append(measured(Path(directory), url, words, name, goal))
    show(figures, unit="us of CPU", scale=1e6)


main()
