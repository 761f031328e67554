"""Give a live pod work, follow it, and say what came of it."""

from __future__ import annotations

import uuid

from podd.cli.asking_words import (
    approval_words,
    how_to_answer,
    how_to_decide,
    question_words,
)
from podd.cli.follow import Follower
from podd.cli.interrupts import Interrupts
from podd.cli.last_turn import Turns, turns_of
from podd.cli.output import Output
from podd.cli.result import TurnResult
from podd.cli.views import view_of
from podd.client.connection import PodConnection
from podd.errors import PausedError, PodNotAnsweringError
from podd.journal.sessions import Sessions
from podd.paths import Places
from podd_protocol.replies import Accepted, StatusReply
from podd_protocol.requests import InputPart, Run, Status, Subscribe, WhenBusy

#: Prose, or parts where files go with it.
Given = str | list[InputPart]


def give(connection: PodConnection, given: Given, when_busy: WhenBusy) -> Accepted:
    """Give the pod an input; it is durably taken when this returns.

    Raises:
        FailureReplyError: the pod would not take it.
    """
    # The key is for the pod: the same line twice, by whatever accident, is one input.
    key = uuid.uuid4().hex
    return connection.ask(Run(id=0, input=given, when_busy=when_busy, key=key))


def run_and_follow(
    connection: PodConnection,
    given: Given,
    *,
    when_busy: WhenBusy,
    output: Output,
    places: Places,
    interrupts: Interrupts,
) -> TurnResult:
    """Give the pod an input and follow its turn to the end.

    Raises:
        PausedError: the pod is paused; the input waits.
        PodEndedError, TimedOutError, KeyboardInterrupt: as `Follower.until_end`.
    """
    # First, so that not one event of the turn is missed.
    connection.ask(Subscribe(id=0, after=connection.welcome.seq))
    accepted = give(connection, given, when_busy)
    if accepted.turn is None:
        raise PodNotAnsweringError(pod=connection.pod, reason="it named no turn")
    if connection.welcome.state == "paused":
        output.say(f"the input waits as turn {accepted.turn}")
        raise PausedError(pod=connection.pod, turn=accepted.turn)
    if accepted.position:
        output.say(f"waits behind {accepted.position} in {connection.pod}")
    return follow(
        connection,
        accepted.turn,
        begun=not accepted.position,
        output=output,
        places=places,
        interrupts=interrupts,
    )


def follow(
    connection: PodConnection,
    turn: str,
    *,
    begun: bool,
    output: Output,
    places: Places,
    interrupts: Interrupts,
) -> TurnResult:
    """Follow a turn of a pod that was subscribed to.

    Raises:
        PausedError, PodEndedError, TimedOutError, KeyboardInterrupt: as
            `Follower.until_end`.
    """
    follower = Follower(
        connection,
        turn,
        progress="begun" if begun else "queued",
        view=view_of(output, pod=connection.pod, turn=turn),
        output=output,
        interrupts=interrupts,
        log=str(places.log_file(connection.pod)),
    )
    followed = follower.until_end(output.timeout_seconds)
    ended = followed.ended
    return TurnResult(
        pod=connection.pod,
        session=connection.welcome.session,
        turn=ended.turn,
        outcome=ended.outcome,
        text=ended.text,
        value=ended.value,
        usage=ended.usage,
        duration_seconds=followed.seconds,
        children=followed.children,
    )


def follow_open_turn(
    connection: PodConnection,
    *,
    before: Turns | None,
    output: Output,
    places: Places,
    interrupts: Interrupts,
) -> TurnResult | None:
    """Follow the turn that the pod has open; None: it has none.

    Args:
        connection: not subscribed yet.
        before: the session's turns before its pod was started, if that was just now: a
            turn that was open then and is over already counts as followed.
        output: how to answer.
        places: where the pod's log and journal lie.
        interrupts: entered already.

    Raises:
        PausedError: the pod is paused.
        PodEndedError, TimedOutError, KeyboardInterrupt: as `Follower.until_end`.
    """
    # First, so that not one event of the turn is missed.
    connection.ask(Subscribe(id=0, after=connection.welcome.seq))
    status = connection.ask(Status(id=0))
    if status.state == "paused":
        raise PausedError(pod=connection.pod, turn=status.turn)
    # What was accepted is in the queue for a moment even where nothing runs.
    turn = status.turn or next((queued.turn for queued in status.queue), None)
    if turn is None:
        return _ended_meanwhile(connection, before, places)
    _say_what_waits(status, output)
    return follow(
        connection,
        turn,
        begun=status.turn is not None,
        output=output,
        places=places,
        interrupts=interrupts,
    )


def _say_what_waits(status: StatusReply, output: Output) -> None:
    """It was asked before we came, so no event tells of it."""
    for call in status.approvals:
        output.say(f"{approval_words(call)}; {how_to_decide(call)}", "yellow")
    for question in status.questions:
        if question.to == "user":
            words, command = question_words(question), how_to_answer(question)
            output.say(f"{words}; {command}", "yellow")


def _ended_meanwhile(
    connection: PodConnection, before: Turns | None, places: Places
) -> TurnResult | None:
    if before is None or not before.unfinished:
        return None
    session = connection.welcome.session
    now = turns_of(Sessions(places.sessions).named(session))
    if now.ended is None or now.ended.turn not in before.unfinished:
        return None
    return now.result(connection.pod, session)


def how_to_go_on(places: Places, pod: str) -> str:
    """For a pod that lives on."""
    return (
        f"go on: podctl run {pod} PROMPT · when it has ended: podctl resume {pod}\n"
        f"log: {places.log_file(pod)}"
    )


def how_to_resume(places: Places, pod: str) -> str:
    """For a pod that has ended."""
    return f"go on: podctl resume {pod}\nlog: {places.log_file(pod)}"
