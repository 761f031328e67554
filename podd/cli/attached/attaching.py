"""Attach a person at a terminal to a live pod."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Literal

import anyio

from podd.cli.attached.past import Past, past
from podd.cli.output import Output, has_person
from podd.cli.reaching import answer_seconds, reach
from podd.errors import PoddError, PodEndedError, UsageError
from podd.journal.reader import read_entries
from podd.journal.sessions import Sessions
from podd_protocol.requests import Status, Subscribe

if TYPE_CHECKING:
    from podd.cli.attached.attachment import Attachment
    from podd.client.connection import PodConnection
    from podd.paths import Places

#: How somebody came to be no longer attached.
Parting = Literal["left", "ended", "gone"]


def attach(places: Places, name: str, output: Output) -> int:
    """Attach until the person leaves or the pod ends; the exit code.

    Raises:
        UsageError: there is no terminal, or JSON was asked for.
        NoSuchError, PodNotAnsweringError: as `reach`.
        PodEndedError: the pod broke off.
    """
    if output.json or not has_person():
        why = "has no --json" if output.json else "needs a terminal"
        raise UsageError(
            reason=f"attach {why}",
            hint=f"podctl events {name} follows it, podctl run {name} PROMPT talks",
        )
    with reach(places, name, output) as connection:
        return anyio.run(_attached, places, connection, output)


async def _attached(places: Places, connection: PodConnection, output: Output) -> int:
    # Imported when there is a terminal for it: it costs more than all the rest.
    from podd.cli.attached import attachment as one

    pod = connection.pod
    keys = "Ctrl-C cancels the turn, Ctrl-D leaves, /help says more"
    output.text(f"attached to {pod}: {keys}", "bold")
    before = _past(places, connection, output)
    connection.ask(Subscribe(id=0, after=before.after))
    status = connection.ask(Status(id=0))
    attachment = one.Attachment(
        connection,
        places=places,
        before=before,
        status=status,
        seconds=answer_seconds(output),
    )
    for line in before.lines:
        sys.stdout.write(f"{line}\n")
    parting = await _until_parting(attachment)
    for text in attachment.unsent:
        output.say("not sent:")
        output.say(text)
    if parting == "gone":
        raise PodEndedError(
            pod=pod,
            reason="it ended without a word",
            session=connection.welcome.session,
            log=str(places.log_file(pod)),
        )
    if parting == "ended":
        output.say(f"{pod} has ended; podctl resume {pod} goes on")
    else:
        output.say(f"left {pod}, which goes on; podctl attach {pod} comes back")
    return 0


def _past(places: Places, connection: PodConnection, output: Output) -> Past:
    welcome = connection.welcome
    session = Sessions(places.sessions).named(welcome.session)
    try:
        entries = (entry for _, entry in read_entries(session))
        return past(entries, connection.pod, sys.stdout)
    except PoddError as error:
        # It can be talked to all the same.
        output.say(f"what was cannot be shown: {error}", "yellow")
        return Past(lines=[], after=welcome.seq, open_turn=None, typed=[])


async def _until_parting(attachment: Attachment) -> Parting:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_hear_signals, attachment)
        parting = await attachment.run()
        tasks.cancel_scope.cancel()
    return parting


async def _hear_signals(attachment: Attachment) -> None:
    """The terminal closes, or somebody ends us: leave it as it was found."""
    numbers = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    with anyio.open_signal_receiver(*numbers) as received:
        async for _ in received:
            attachment.leave()
