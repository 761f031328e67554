"""A family with something of everything, driven over the socket to its end.

The parent's first turn: calls that run side by side, a provider that fails before it
answers, a child on loan, a call that people must approve, a question; while that waits
a second input queues, a third steers, and the turn is paused and resumed. The second
turn only answers.

Who drives it repeats whatever was not acknowledged. So a run that is killed anywhere
and restored comes to the same end as one that nobody disturbed: what people do waits
for the question, and the model says what its script says.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from podd.client.connection import PodConnection
from podd.client.discovery import pods
from podd.errors import FailureReplyError, PoddError, TimedOutError
from podd.launch.start import Started
from podd.manifest.loading import load
from podd.manifest.request import LoadRequest
from podd.manifest.resolved import Resolved
from podd.paths import Places
from podd_protocol.events import ApprovalRequested, QuestionAsked, TurnEnded
from podd_protocol.requests import (
    Answer,
    Approve,
    Pause,
    Resume,
    Run,
    Status,
    Subscribe,
)

#: The parent; its child is `victim.c`.
NAME: Final = "victim"

#: Nothing of it takes nearly as long; what does, hangs.
PATIENCE_SECONDS: Final = 60.0

#: Each makes a line in a file of its name: these must never be made twice.
MARKS: Final = ("one", "two", "asked")
CHILD_MARK: Final = "made"

_MANIFEST: Final = f"""
[pod]
name = "{NAME}"
workdir = "work"
[model]
ref = "scripted/s"
script = "s.toml"
[scope]
read = ["."]
write = ["."]
[permissions]
rules = [{{ tool = "bash", match = "echo asked*", action = "ask" }}]
"""

_SCRIPT: Final = """
[[step]]
text = "side by side"
usage = { input_tokens = 11, output_tokens = 1 }
[[step.call]]
tool = "bash"
arguments = { command = "echo one >> marks/one" }
[[step.call]]
tool = "bash"
arguments = { command = "echo two >> marks/two" }
[[step.call]]
tool = "write_file"
arguments = { path = "marks/three", content = "three" }
[[step.call]]
tool = "read_file"
arguments = { path = "given" }

[[step]]
text = "after a failure"
usage = { input_tokens = 12, output_tokens = 2 }
fail = { fault = "overloaded", times = 1, retry_after_seconds = 0.01 }
[[step.call]]
tool = "spawn_pod"
[step.call.arguments]
name = "c"
task = "make it"
manifest = "child.toml"
scope = { write = ["lent"] }

[[step]]
text = ""
usage = { input_tokens = 13, output_tokens = 3 }
[[step.call]]
tool = "wait_pods"
arguments = { names = ["c"], timeout_seconds = 40 }

[[step]]
text = ""
usage = { input_tokens = 14, output_tokens = 4 }
[[step.call]]
tool = "stop_pod"
arguments = { name = "c" }

[[step]]
text = ""
usage = { input_tokens = 15, output_tokens = 5 }
[[step.call]]
tool = "bash"
arguments = { command = "echo asked >> marks/asked" }

[[step]]
text = ""
usage = { input_tokens = 16, output_tokens = 6 }
[[step.call]]
tool = "ask_user"
arguments = { question = "Is it good?" }

[[step]]
text = "all of it is done"
usage = { input_tokens = 17, output_tokens = 7 }
stream = { chunk_chars = 2, delay_seconds = 0.003 }

[[step]]
text = "and this too"
usage = { input_tokens = 18, output_tokens = 8 }
"""

_CHILD: Final = '[model]\nref = "scripted/c"\nscript = "child.script.toml"\n'

_CHILD_SCRIPT: Final = f"""
[[step]]
text = ""
usage = {{ input_tokens = 21, output_tokens = 1 }}
[[step.call]]
tool = "write_file"
arguments = {{ path = "{CHILD_MARK}", content = "made\\n" }}

[[step]]
text = "made it"
usage = {{ input_tokens = 22, output_tokens = 2 }}
"""


class Accepted(msgspec.Struct, frozen=True):
    """An input that was acknowledged."""

    key: str
    cause: str | None
    turn: str | None


def write_family(places: Places) -> Resolved:
    """Write manifests and scripts beside the runtime directory, and load them."""
    root = places.runtime.parent
    work = root / "work"
    for name in ("marks", "lent"):
        (work / name).mkdir(parents=True)
    texts = {
        root / "pod.toml": _MANIFEST,
        root / "s.toml": _SCRIPT,
        work / "child.toml": _CHILD,
        work / "child.script.toml": _CHILD_SCRIPT,
        work / "given": "given",
    }
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return load(
        LoadRequest(
            file=root / "pod.toml",
            overrides=[],
            caller_directory=root,
            environment=os.environ,
            places=places,
        )
    )


def marks(places: Places) -> dict[str, int]:
    """How often each mark was made."""
    work = places.runtime.parent / "work"
    paths = {mark: work / "marks" / mark for mark in MARKS}
    paths[CHILD_MARK] = work / "lent" / CHILD_MARK
    return {mark: _lines(path) for mark, path in paths.items()}


def _lines(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n") if path.exists() else 0


def end_family(places: Places) -> None:
    """End with `kill -9` what still lives of it."""
    for pod in pods(places):
        if pod.pid is not None:
            os.kill(pod.pid, signal.SIGKILL)


@contextlib.contextmanager
def _already(code: str) -> Iterator[None]:
    """What was said to a process that was killed over it may have been heard."""
    try:
        yield
    except FailureReplyError as error:
        if error.failure != code:
            raise


class FamilyDriver:
    """The people around one parent, over all its processes."""

    def __init__(self) -> None:
        self.accepted: list[Accepted] = []
        """Every input that was acknowledged, in order."""
        self._done: set[str] = set()
        """What needs not be said again."""
        self._ended: set[str] = set()
        """Turns whose end was heard."""

    def drive(self, pod: Started, seconds: float = PATIENCE_SECONDS) -> bool:
        """Go on with a process of it until both turns have ended.

        Returns:
            False: the pod went away, or the time is over.
        """
        try:
            with PodConnection.open(Path(pod.socket)) as connection:
                connection.ask(Subscribe(id=0, after=0))
                self._input(connection, "go", "first", "queue")
                return self._follow(connection, seconds)
        except FailureReplyError:
            raise
        except PoddError:
            return False

    def _follow(self, connection: PodConnection, seconds: float) -> bool:
        try:
            for heard in connection.events(timeout_seconds=seconds):
                match heard.event:
                    case ApprovalRequested(call=call):
                        self._once(f"approve {call}", self._approve, connection, call)
                    case QuestionAsked(question=question):
                        self._while_it_waits(connection, question)
                    case TurnEnded(turn=turn):
                        self._ended.add(turn)
                        if len(self._ended) == 2:  # noqa: PLR2004  # both
                            return True
                    case _:
                        pass
        except TimedOutError:
            pass
        return False

    def _while_it_waits(self, connection: PodConnection, question: str) -> None:
        self._input(connection, "and then this", "second", "queue")
        self._input(connection, "with care", "third", "steer")
        self._once("pause", self._pause, connection)
        self._once("resume", self._resume, connection)
        self._once("answer", self._answer, connection, question)

    def _input(
        self, connection: PodConnection, text: str, key: str, when_busy: str
    ) -> None:
        if key in self._done:
            return
        request = Run(
            id=0,
            input=text,
            key=key,
            when_busy="steer" if when_busy == "steer" else "queue",
        )
        answer = connection.ask(request)
        self.accepted.append(Accepted(key, answer.cause, answer.turn))
        self._done.add(key)

    def _once(self, what: str, say: Callable[..., None], *words: object) -> None:
        if what not in self._done:
            say(*words)
            self._done.add(what)

    def _approve(self, connection: PodConnection, call: str) -> None:
        with _already("no_such_call"):
            connection.ask(Approve(id=0, call=call))

    def _answer(self, connection: PodConnection, question: str) -> None:
        with _already("no_such_question"):
            connection.ask(Answer(id=0, question=question, text="It is."))

    def _pause(self, connection: PodConnection) -> None:
        if connection.ask(Status(id=0)).state != "paused":
            connection.ask(Pause(id=0, reason="lunch"))

    def _resume(self, connection: PodConnection) -> None:
        if connection.ask(Status(id=0)).state == "paused":
            connection.ask(Resume(id=0))
