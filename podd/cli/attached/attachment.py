"""One person, one pod: what is typed goes there, what happens there is shown here.

Rules of this file:
- A text that was sent is either taken by the pod or given back: never lost.
- What is typed is for what was asked when the typing began, whatever comes meanwhile.
"""

from __future__ import annotations

import contextlib
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import anyio

from podd.cli.attached import view
from podd.cli.attached.brood import Brood
from podd.cli.attached.child_watch import ChildWatch
from podd.cli.attached.inbox import Inbox, Item
from podd.cli.attached.line import Line, listen
from podd.cli.attached.terminal import Sent, Terminal
from podd.cli.attached.transcript import Transcript
from podd.cli.attached.typed import (
    COMMANDS,
    Command,
    Decide,
    Say,
    Unclear,
    meaning,
)
from podd.cli.facts import LABEL_WIDTH, facts
from podd.errors import PoddError
from podd_protocol import events as v
from podd_protocol.requests import Cancel, Notify, Pause, Resume, Run, Status

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from podd.cli.attached.attaching import Parting
    from podd.cli.attached.past import Past
    from podd.cli.output import Tint
    from podd.client.connection import Heard, PodConnection
    from podd.paths import Places
    from podd_protocol.replies import StatusReply


class Attachment:
    """Lives from `run` to its end.

    Args:
        connection: to the pod; subscribed from where `before` ends.
        places: where the sockets of its children are.
        before: what was.
        status: of the pod, asked after subscribing.
        seconds: how long an answer of the pod may take.
    """

    def __init__(
        self,
        connection: PodConnection,
        *,
        places: Places,
        before: Past,
        status: StatusReply,
        seconds: float,
    ) -> None:
        self._pod = connection.pod
        self._connection = connection
        socket = places.socket(self._pod)
        self._line = Line(Path(socket), self._pod, seconds)
        self._transcript = Transcript(sys.stdout, before.open_turn)
        self._doing = view.Doing(status.state, status.turn)
        self._inbox = Inbox()
        self._inbox.begin(status)
        self._brood = Brood()
        self._brood.begin(status)
        self._meant: Item | None = None
        self._keys: dict[str, str] = {}
        self._sending: list[str] = []
        self._parting: Parting = "left"
        self._tasks: TaskGroup
        self._terminal = Terminal(
            self,
            above=self._above,
            below=lambda typed, columns: view.row_below(self._doing, typed, columns),
            prompt=lambda: view.prompt(self._pod, self._addressed),
        )
        for text in before.typed:
            self._terminal.remember(text)
        self._watch = ChildWatch(places, self._terminal.show, seconds)

    @property
    def unsent(self) -> list[str]:
        """Texts that the pod has not taken, as far as anybody knows."""
        typed = self._terminal.text
        return [*self._sending, *([typed] if typed.strip() else [])]

    async def run(self) -> Parting:
        """Until the person leaves or the pod ends."""
        try:
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                tasks.start_soon(self._listen)
                # The terminal may be gone, and the person with it.
                with contextlib.suppress(EOFError):
                    await self._terminal.run()
                tasks.cancel_scope.cancel()
        finally:
            self._line.close()
        return self._parting

    # What the person does.

    def begin(self) -> None:
        """What is typed from here on is for what waits now."""
        self._meant = self._inbox.first

    def leave(self) -> None:
        """Ctrl-D."""
        self._terminal.close()

    def interrupt(self) -> None:
        """Ctrl-C."""
        if self._doing.turn is not None:
            self._tasks.start_soon(self._order, Cancel(id=0, reason="Ctrl-C"))
        elif self._terminal.text.strip():
            self._terminal.clear()
            self._aside("taken away; the arrow up brings it back")
        else:
            self._aside("no turn runs; Ctrl-D leaves")

    def send(self, text: str, how: Sent) -> None:
        """Enter, or Alt-Enter."""
        meant, self._meant = self._meant, None
        act = Say(text, "queue") if how == "alt_enter" else meaning(text, meant)
        if isinstance(act, Decide) and not self._inbox.holds(act.item):
            act = Unclear("what this answers waits no more; look at what does")
        match act:
            case Say():
                self._tasks.start_soon(self._say, text, act)
            case Decide():
                self._tasks.start_soon(self._decide, text, act)
            case Command():
                self._tasks.start_soon(self._obey, act)
            case Unclear(why):
                self._give_back(text, why)
            case _ as unreachable:
                assert_never(unreachable)

    async def _say(self, text: str, say: Say) -> None:
        # The same text again after an answer that never came is the same input.
        key = self._keys.pop(text, uuid.uuid4().hex)
        run = Run(id=0, input=say.text, when_busy=say.when_busy, key=key)
        self._sending.append(text)
        try:
            await self._line.ask(lambda connection: connection.ask(run))
        except PoddError as error:
            self._keys[text] = key
            self._give_back(text, str(error))
        self._sending.remove(text)

    async def _decide(self, text: str, act: Decide) -> None:
        self._sending.append(text)
        try:
            await self._line.ask(lambda connection: connection.ask(act.request))
        except PoddError as error:
            self._give_back(text, str(error))
        self._sending.remove(text)

    async def _order(self, request: Pause | Resume | Cancel | Notify) -> None:
        try:
            await self._line.ask(lambda connection: connection.ask(request))
        except PoddError as error:
            self._aside(str(error), "yellow")

    async def _obey(self, command: Command) -> None:  # noqa: C901  # a table
        match command.word:
            case "help":
                self._help()
            case "quit":
                self.leave()
            case "pause":
                await self._order(Pause(id=0))
            case "resume":
                await self._order(Resume(id=0))
            case "cancel":
                await self._order(Cancel(id=0, reason="/cancel"))
            case "note":
                key = uuid.uuid4().hex
                await self._order(Notify(id=0, message=command.argument, key=key))
            case "status":
                await self._tell_status()
            case "children":
                lines = self._brood.lines() or [f"{self._pod} has no children"]
                self._aside("\n".join(lines))
            case "child":
                await self._child(command.argument)
            case "queue" | "steer":
                raise AssertionError("these say something to the pod")
            case _ as unreachable:
                assert_never(unreachable)

    def _help(self) -> None:
        lines = [
            f"/{word} {argument}".ljust(14) + what
            for word, (argument, what) in COMMANDS.items()
        ]
        lines += [
            "Enter         to the pod: as work, or into the running turn",
            "Ctrl-J        a new line; a paste of many lines is one text",
            "arrow up      what was typed before",
        ]
        self._terminal.show(["", *(f"  {line}" for line in lines), ""])

    async def _tell_status(self) -> None:
        try:
            status = await self._line.ask(lambda c: c.ask(Status(id=0)))
        except PoddError as error:
            self._aside(str(error), "yellow")
            return
        for label, text in facts(status):
            self._aside(f"{label:<{LABEL_WIDTH}}{text}")

    async def _child(self, name: str) -> None:
        pod = self._brood.named(name, self._pod)
        if pod is None:
            known = ", ".join(self._brood.names()) or "none"
            self._aside(f"there is no child {name!r}; these live: {known}", "yellow")
            return
        await self._watch.toggle(pod)

    def _give_back(self, text: str, why: str) -> None:
        if self._terminal.give_back(text):
            self._aside(f"not sent: {why}", "yellow")
        else:
            self._aside(f"not sent: {why}; the arrow up brings it back:", "yellow")
            self._aside(text)

    # What the pod does.

    async def _listen(self) -> None:
        try:
            await listen(self._connection, self._hear)
        except PoddError as error:
            self._aside(str(error), "red")
            self._parting = "gone"
        else:
            stopping = self._doing.state == "stopping"
            self._parting = "ended" if stopping else "gone"
        self._terminal.close()

    def _hear(self, heard: list[Heard]) -> None:
        lines: list[str] = []
        for one in heard:
            if one.event is not None:
                lines += self._note(one.event)
        self._terminal.show(lines)
        self._terminal.refresh()

    def _note(self, event: v.AnyEvent) -> list[str]:
        self._doing.hear(event)
        closed = self._inbox.closing(event)
        if self._inbox.hear(event):
            self._terminal.bell()
        if isinstance(event, v.ChildEvent):
            self._brood.hear(event)
        lines = self._transcript.hear(event)
        return lines if closed is None else [*lines, *self._transcript.aside(closed)]

    # What is shown.

    @property
    def _addressed(self) -> Item | None:
        """What the typed line is for."""
        return self._meant if self._terminal.text else self._inbox.first

    def _above(self, columns: int) -> list[view.Row]:
        return view.rows_above(self._transcript, self._brood, self._inbox, columns)

    def _aside(self, words: str, tint: Tint = "dim") -> None:
        self._terminal.show(self._transcript.aside(words, tint))
