"""What `resume` means: unpause what lives, bring back what has ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podd.cli.last_turn import Turns, turns_of
from podd.cli.output import Output
from podd.cli.reaching import answer_seconds, reach
from podd.cli.starting import Wanted, started
from podd.client.connection import PodConnection
from podd.errors import NoSuchError
from podd.journal.session_directory import SessionDirectory
from podd.journal.sessions import Sessions
from podd.paths import Places
from podd_protocol.requests import Resume, Status


@dataclass(frozen=True, slots=True)
class Resumed:
    """A live pod that goes on, or could if its turn were not paused."""

    connection: PodConnection
    before: Turns | None
    """Of the session as it was left, if its pod was started for this."""

    def document(self) -> dict[str, Any]:
        """The pod, for `--json`."""
        status = self.connection.ask(Status(id=0))
        return {
            "name": status.pod,
            "state": status.state,
            "pid": status.pid,
            "session": status.session,
            "turn": status.turn,
        }


def resumed(places: Places, name: str, output: Output) -> Resumed:
    """Find what `name` means and let it go on.

    Args:
        places: where pods and sessions are.
        name: a live pod, an ended one, a session or the beginning of one, or `last`.
        output: how to talk, and how long to wait.

    Raises:
        NoSuchError: there is no such pod or session.
        FailureReplyError: `not_paused`; it lives and needs no resuming.
        PoddError: as whoever starts a pod.
    """
    connection = _live(places, name, output)
    if connection is None:
        session = Sessions(places.sessions).find(name)
        connection = _live(places, session.pod, output)
        if connection is None:
            return _brought_back(places, session, output)
        if connection.welcome.session != session.session:
            # That pod has another session by now. Starting this one fails over the
            # name, with words that say what can be done.
            connection.close()
            return _brought_back(places, session, output)
    try:
        connection.ask(Resume(id=0))
    except BaseException:
        connection.close()
        raise
    output.say(f"{connection.pod} goes on")
    return Resumed(connection, None)


def _live(places: Places, name: str, output: Output) -> PodConnection | None:
    try:
        return reach(places, name, output)
    except NoSuchError:
        return None


def _brought_back(places: Places, session: SessionDirectory, output: Output) -> Resumed:
    before = turns_of(session)
    want = Wanted(None, session)
    pod = started(places, want, output, name=None, replace=False)
    output.say(f"{pod.name} is back with session {pod.session}")
    seconds = answer_seconds(output)
    connection = PodConnection.open(Path(pod.socket), seconds, pod=pod.name)
    return Resumed(connection, before)
