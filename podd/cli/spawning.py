"""Start a pod, run what is to be run, and end it again where that is wished."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from podd.cli.ending import Ending, ask_to_end, wait_for_ends
from podd.cli.family import Family
from podd.cli.interrupts import Interrupts
from podd.cli.last_turn import Turns
from podd.cli.output import Output, has_person
from podd.cli.reaching import answer_seconds
from podd.cli.result import TurnResult, report
from podd.cli.running import (
    Given,
    follow_open_turn,
    give,
    how_to_go_on,
    how_to_resume,
    run_and_follow,
)
from podd.cli.starting import Wanted, started
from podd.client import discovery
from podd.client.connection import PodConnection
from podd.client.process import Process
from podd.errors import FailureReplyError, NoSuchError, PoddError, TimedOutError
from podd.paths import Places
from podd_protocol.replies import StatusReply
from podd_protocol.requests import Shutdown, ShutdownMode, Status

if TYPE_CHECKING:
    from podd.launch.start import Started

#: A pod that drains ends within 10 s, and has 5 s more to put its things in order.
END_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawning:
    """One `podctl spawn`."""

    output: Output
    places: Places
    want: Wanted
    name: str | None
    given: Given | None
    """The input to run; None: there is none."""
    before: Turns | None
    """Of the session to go on with, as it was left."""
    replace: bool
    afterwards: Literal["leave", "follow", "end"]
    """Return when the pod is ready; follow the turn; and then end the pod."""

    def run(self) -> int:
        """Do it, and return the exit code."""
        pod = started(
            self.places,
            self.want,
            self.output,
            name=self.name,
            replace=self.replace,
        )
        seconds = answer_seconds(self.output)
        with (
            PodConnection.open(Path(pod.socket), seconds, pod=pod.name) as connection,
            Interrupts() as interrupts,
        ):
            if self.afterwards == "leave":
                return self._leave(connection, pod)
            try:
                result = self._follow(connection, interrupts)
            except KeyboardInterrupt:
                self._end_at_once(connection)
                raise
            except (TimedOutError, FailureReplyError):
                # Nobody waits for the turn any more, so a drain would be for nothing.
                self._end(connection, "now")
                raise
            attaches = self._attaches and result is None
            if result is None and self.afterwards == "follow" and not attaches:
                return self._leave(connection, pod)
            self._end(connection, "drain")
        if attaches:
            from podd.cli.attached.attaching import attach

            return attach(self.places, pod.name, self.output)
        if result is None:
            if self.output.json:
                self.output.document({"result": None})
            return 0
        go_on = how_to_resume if self.afterwards == "end" else how_to_go_on
        report(self.output, result, how_to_go_on=go_on(self.places, pod.name))
        return result.exit_code

    def _follow(
        self, connection: PodConnection, interrupts: Interrupts
    ) -> TurnResult | None:
        """Follow the input's turn, or the one that a restored pod goes on with."""
        if self.given is not None:
            return run_and_follow(
                connection,
                self.given,
                when_busy="queue",
                output=self.output,
                places=self.places,
                interrupts=interrupts,
            )
        return follow_open_turn(
            connection,
            before=self.before,
            output=self.output,
            places=self.places,
            interrupts=interrupts,
        )

    @property
    def _attaches(self) -> bool:
        """Whether a person is there who would rather type than be left alone."""
        return self.afterwards == "follow" and not self.output.json and has_person()

    def _leave(self, connection: PodConnection, pod: Started) -> int:
        turn = None
        if self.given is not None:
            turn = give(connection, self.given, "queue").turn
        status = connection.ask(Status(id=0))
        if self.output.json:
            fields = pod_document(status, pod)
            self.output.document({"pod": fields | {"turn": turn or status.turn}})
            return 0
        self.output.text(pod.name)
        self.output.say(f"{pod.name} is {status.state} (pid {status.pid})")
        self.output.say(how_to_go_on(self.places, pod.name))
        return 0

    def _end(self, connection: PodConnection, mode: ShutdownMode) -> None:
        """With `--once`: end the pod and those below it, and wait until all are gone.

        Its children are asked first, and it before they have ended: else their ends
        would wake it.
        """
        if self.afterwards != "end":
            return
        below = Family.of(self.places).below(connection.pod)
        with Process.of(connection.welcome.pid) as process:
            children = self._ask_children(below, mode)
            connection.ask(Shutdown(id=0, mode=mode))
            _, late = wait_for_ends(self.places, children, mode, END_SECONDS)
            for error in late:
                self.output.say(f"podctl: {error}")
            if not process.wait(END_SECONDS):
                raise TimedOutError(
                    what=f"the end of pod {connection.pod!r}",
                    seconds=END_SECONDS,
                    hint=f"podctl kill {connection.pod} ends it, its session stays",
                )

    def _ask_children(self, names: list[str], mode: ShutdownMode) -> list[Ending]:
        """Ask those that live, the deepest first; one that has ended needs nothing."""
        asked: list[Ending] = []
        for name in names:
            try:
                pod = discovery.find(self.places, name)
                asked.append(ask_to_end(pod, mode, answer_seconds(self.output)))
            except NoSuchError:
                continue
            except PoddError as error:
                self.output.say(f"podctl: {error}")
        return asked

    def _end_at_once(self, connection: PodConnection) -> None:
        """With `--once`, and nobody who would wait: leave nothing behind either way."""
        if self.afterwards != "end":
            return
        try:
            self._ask_children(Family.of(self.places).below(connection.pod), "now")
            connection.ask(Shutdown(id=0, mode="now"))
        except PoddError as error:
            self.output.say(f"podctl: {error}")


def pod_document(status: StatusReply, pod: Started) -> dict[str, Any]:
    """A pod that was just started, with the fields that `list` gives it."""
    scope = status.scope
    return {
        "name": pod.name,
        "state": status.state,
        "socket": pod.socket,
        "pid": status.pid,
        "session": pod.session,
        "model": status.model,
        "workdir": status.workdir,
        "parent": None,
        "scope": {"read": scope.read, "write": scope.write, "lent": scope.lent},
        "turn": status.turn,
        "usage": msgspec.to_builtins(status.usage),
        "started_at": status.started_at,
        "log": pod.log,
    }
