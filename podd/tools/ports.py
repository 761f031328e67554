"""What tools need of other rooms, as questions they ask.

Structural: the adapters need not know these. The runtime fills them in; a pod that was
given none of a kind has None in its place, and the tool says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

import msgspec

from podd.tools.child_request import SpawnPodArguments
from podd_protocol.values import ChildEnd, ChildState, CommandEnd, Outcome


class CommandEnded(msgspec.Struct, frozen=True, kw_only=True):
    """How a command ended, and with it all that it had started."""

    end: CommandEnd
    status: int
    """Exit status, or the signal's number."""
    reason: str = ""
    """What else is known, where it did not simply exit."""
    output_path: str | None = None
    """The file that has what it printed, where it ran in the background."""


class CommandBegun(msgspec.Struct, frozen=True, kw_only=True):
    """A command that runs in the background."""

    command: str
    """Its name, for `stop_command`."""
    output: str
    """The file that takes what it prints; readable by the model."""


class Commands(Protocol):
    """What runs a shell's text, confined to what the pod may touch now."""

    async def run(
        self,
        text: str,
        *,
        call: str,
        timeout_seconds: float,
        on_output: Callable[[bytes], Awaitable[None]],
    ) -> CommandEnded:
        """Run to the end. A cancellation ends all that was started, then passes.

        Args:
            text: for a shell.
            call: whose it is; unique in the session.
            timeout_seconds: after that it is ended, and `timed_out`.
            on_output: awaited with each piece in the order of writing, before the next
                is read: whoever floods waits for us.

        Raises:
            PoddError: it could not be started; names why.
        """
        ...

    async def start(
        self, text: str, *, call: str, timeout_seconds: float | None
    ) -> CommandBegun:
        """Return as soon as it runs. Its end is told as a cause.

        Raises:
            PoddError: as for `run`.
        """
        ...

    async def stop(self, command: str) -> CommandEnded:
        """End a command of the background; one that has ended tells how.

        Raises:
            PoddError: there is none of this name.
        """
        ...


class SpawnedPod(msgspec.Struct, frozen=True, kw_only=True):
    """A child that works."""

    pod: str
    """Its full name."""
    turn: str
    """The child's, in which the task is done."""
    workdir: str
    """Empty where it is not known any more."""
    lent: tuple[str, ...] = ()
    """What it may write and we may not, until it ends; absolute."""


class SentMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a message to a child."""

    pod: str
    taken: Literal["turn", "steered", "answered"]
    """turn: it starts a turn, now or when those before it are done. steered: the turn
    that runs takes it in. answered: it answers what the child had asked us."""
    turn: str | None = None
    """The child's."""


class PodOutput(msgspec.Struct, frozen=True, kw_only=True):
    """What a child said."""

    pod: str
    state: ChildState
    text: str
    """As the model reads it; empty: nothing new."""
    next: int
    """`after` for what comes later."""
    is_cut: bool = False
    """There is more already; ask on with `next`."""


class StoppedPod(msgspec.Struct, frozen=True, kw_only=True):
    """A child that is gone."""

    pod: str
    end: ChildEnd
    message: str = ""
    """What is known of its end."""
    returned: tuple[str, ...] = ()
    """What was lent to it and is ours again; absolute."""


class PodLine(msgspec.Struct, frozen=True, kw_only=True):
    """One pod below this one, in a line."""

    pod: str
    state: ChildState
    task: str = ""
    lent: tuple[str, ...] = ()
    """Absolute."""
    outcome: Outcome | None = None
    """Of its last turn that ended."""
    end: ChildEnd | None = None
    """None while it lives."""
    asks: str = ""
    """What it wants to know of us."""


class Pods(Protocol):
    """What looks after the pods that this one lends to.

    A child is named as `spawn_pod` named it or by its full name. Whatever takes a
    `call` does its work once for it, however often it is asked.
    """

    async def spawn(self, call: str, asked: SpawnPodArguments) -> SpawnedPod:
        """Lend, start, and give the task. A cancellation gives everything back.

        Raises:
            PoddError: nothing was lent, or it is back; names why.
        """
        ...

    async def send(self, call: str, name: str, message: str) -> SentMessage:
        """Tell a child something, or answer what it asked.

        Raises:
            PoddError: there is no such child, or it does not answer.
        """
        ...

    async def output(self, name: str, after: int | None) -> PodOutput:
        """Read what a child said, from the beginning if `after` is None.

        Raises:
            PoddError: there is no such child.
        """
        ...

    async def stop(self, name: str, *, now: bool) -> StoppedPod:
        """End a child, and return when it is gone and what it had is back.

        Raises:
            PoddError: there is no such child, or it does not end.
        """
        ...

    async def list(self) -> tuple[PodLine, ...]:
        """Tell of all pods below, in the order in which they were made."""
        ...
