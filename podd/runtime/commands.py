"""Runs commands for the tools: in the sandbox, under the scope of that moment.

A command keeps the scope that it began with. So whoever is to be lent a directory asks
`writers` first who may still write there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import TaskGroup

from podd.core.scope.overlap import overlap
from podd.core.scope.rules import Rule, Scope
from podd.core.turn import inputs as i
from podd.errors import NoSuchError
from podd.runtime.log import Log
from podd.sandbox.command import CommandRequest, Ended
from podd.sandbox.running_command import RunningCommand
from podd.sandbox.sandbox import Sandbox
from podd.tools.bash import Bash
from podd.tools.output_store import OutputStore
from podd.tools.output_stream import OutputStream
from podd.tools.ports import CommandBegun, CommandEnded
from podd.tools.text import count


class _Running(msgspec.Struct, eq=False):
    """A command that has not ended."""

    call: str
    scope: Scope
    command: RunningCommand | None = None
    """None: it is about to start."""
    ended: CommandEnded | None = None
    over: anyio.Event = msgspec.field(default_factory=anyio.Event)
    is_ended_by_call: bool = False
    """`stop_command` tells its end, so it is no cause."""


class SandboxedCommands(msgspec.Struct, kw_only=True):
    """The tools' `Commands`."""

    sandbox: Sandbox
    scope: Callable[[], Scope]
    """What the pod may touch now."""
    workdir: str
    outputs: OutputStore
    tell: Callable[[i.Input], object]
    tasks: TaskGroup
    """For the commands of the background."""
    log: Log
    _running: dict[str, _Running] = msgspec.field(default_factory=dict)
    _ended: dict[str, CommandEnded] = msgspec.field(default_factory=dict)
    """Of the background: one that is to be stopped may have ended by itself."""
    _changed: anyio.Event = msgspec.field(default_factory=anyio.Event)

    async def run(
        self,
        text: str,
        *,
        call: str,
        timeout_seconds: float,
        on_output: Callable[[bytes], Awaitable[None]],
    ) -> CommandEnded:
        """Run to the end; see the port."""
        running = await self._start(text, call, timeout_seconds)
        try:
            return await self._follow(running, on_output)
        finally:
            await _close(running)
            self._remove(running)

    async def start(
        self, text: str, *, call: str, timeout_seconds: float | None
    ) -> CommandBegun:
        """Return as soon as it runs; see the port."""
        output = await anyio.to_thread.run_sync(
            lambda: OutputStream(self.outputs, Bash.name, call, to_file=True)
        )
        assert output.path is not None, "it was asked for a file"
        try:
            running = await self._start(text, call, timeout_seconds)
        except BaseException:
            output.discard()
            raise
        self.tell(i.CommandBegan(call=call, text=text, output=output.path))
        self.tasks.start_soon(self._watch, running, output)
        return CommandBegun(command=call, output=output.path)

    async def stop(self, command: str) -> CommandEnded:
        """End a command of the background; see the port."""
        running = self._running.get(command)
        if running is None and (ended := self._ended.get(command)) is not None:
            return ended
        if running is None:
            raise NoSuchError(
                what="command",
                name=command,
                hint="bash with background answers with the name of a command",
            )
        running.is_ended_by_call = True
        assert running.command is not None, "it was started before its name was told"
        await running.command.stop()
        await running.over.wait()
        assert running.ended is not None, "it is over"
        return running.ended

    def writers(self, roots: Sequence[str]) -> tuple[str, ...]:
        """Name the commands that may write at these paths or below."""
        asked = Scope(rules=tuple(Rule(path=root, access="write") for root in roots))
        return tuple(
            running.call
            for running in self._running.values()
            if overlap(running.scope, asked) is not None
        )

    async def wait_until_quiet(self, roots: Sequence[str]) -> None:
        """Return when no command may write there any more."""
        while self.writers(roots):
            await self._changed.wait()

    async def aclose(self) -> None:
        """End them all."""
        await self.sandbox.aclose()

    async def _start(
        self, text: str, call: str, timeout_seconds: float | None
    ) -> _Running:
        # Seen by `writers` from the moment on in which its scope is taken.
        running = self._running[call] = _Running(call, self.scope())
        try:
            running.command = await self.sandbox.start(
                CommandRequest(
                    id=call,
                    command=text,
                    cwd=self.workdir,
                    scope=running.scope,
                    timeout_seconds=timeout_seconds,
                )
            )
        except BaseException:
            self._remove(running)
            raise
        return running

    async def _follow(
        self, running: _Running, on_output: Callable[[bytes], Awaitable[None]]
    ) -> CommandEnded:
        assert running.command is not None, "it was started"
        async for chunk in running.command.chunks():
            await on_output(chunk)
        ended = await running.command.ended()
        return CommandEnded(end=ended.kind, status=ended.status, reason=_remark(ended))

    async def _watch(self, running: _Running, output: OutputStream) -> None:
        """Follow a command of the background, and tell how it ended."""

        async def keep(data: bytes) -> None:
            await anyio.to_thread.run_sync(output.feed, data)

        try:
            ended = await self._follow(running, keep)
            await anyio.to_thread.run_sync(output.finish)
        finally:
            await _close(running)
            self._remove(running)
        running.ended = msgspec.structs.replace(ended, output_path=output.path)
        self._ended[running.call] = running.ended
        self.tell(
            i.CommandOver(
                command=running.call,
                end=ended.end,
                status=ended.status,
                reason=ended.reason,
                told=running.is_ended_by_call,
            )
        )
        running.over.set()

    def _remove(self, running: _Running) -> None:
        if self._running.get(running.call) is running:
            del self._running[running.call]
            self._changed.set()
            self._changed = anyio.Event()


def _remark(ended: Ended) -> str:
    """What kind and status do not say; who hears of the end has words for those."""
    if ended.kind == "lost":
        return ended.reason.removeprefix("was lost: ")
    if ended.kind in {"exited", "signalled"} and ended.leftovers:
        left = count(ended.leftovers, "process")
        return f"what it had left running was ended: {left}"
    return ""


async def _close(running: _Running) -> None:
    """End it if it runs, and wait for that, whatever is cancelled meanwhile."""
    if running.command is not None:
        await running.command.aclose()
