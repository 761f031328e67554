"""One process of the `code` driver's interpreter, spoken to in lines of JSON.

What it says is not to be trusted: code can write to the socket too. What does not fit
is a `StrayWordsError`, after which nobody goes on talking to it.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import anyio
import msgspec

from podd.core.context.request import ToolSpec
from podd.core.scope.rules import Rule, Scope
from podd.runtime.ports import CallAnswer
from podd.sandbox import interpreter
from podd.sandbox.command import CommandRequest, Ended
from podd.sandbox.running_command import RunningCommand
from podd.sandbox.sandbox import Sandbox
from podd.sandbox.toolchains import SYSTEM, is_within
from podd_protocol.values import ToolStatus

#: A call brings a file to write at most, a submitted value is a result.
_MESSAGE_BYTES: Final = 1 << 24
_CHUNK_BYTES: Final = 1 << 16

#: Between the end of a socket and the news of its process.
_DYING_SECONDS: Final = 5.0

#: Where the program begins: there on every machine. It goes home by itself.
_START: Final = "/etc"


class StrayWordsError(Exception):
    """Something was said over the socket that the interpreter does not say."""


class Called(msgspec.Struct, frozen=True):
    """The code calls a tool, and waits."""

    call: int
    name: str
    arguments: dict[str, Any]


class BlockEnded(msgspec.Struct, frozen=True):
    """The code has ended."""

    ended: int
    status: ToolStatus
    summary: str
    submitted: bool
    value: Any


def decode(line: bytes) -> Called | BlockEnded:
    """Understand one line of the interpreter's.

    Raises:
        StrayWordsError: it is none.
    """
    faults = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
    try:
        return msgspec.json.decode(line, type=Called)
    except faults:
        pass
    try:
        return msgspec.json.decode(line, type=BlockEnded)
    except faults as error:
        raise StrayWordsError from error


class InterpreterProcess:
    """One that runs."""

    def __init__(self, command: RunningCommand, connection: socket.socket) -> None:
        self.command = command
        self._connection = connection
        self._heard = bytearray()
        self._is_dead = False
        self._tools: Sequence[ToolSpec] = ()
        """What it was told that its code may call."""

    @classmethod
    async def start(
        cls, sandbox: Sandbox, *, name: str, scope: Scope
    ) -> InterpreterProcess:
        """Start one, confined to nothing but its private directory.

        Raises:
            CommandNotStartedError: the machine would not.
        """
        ours, theirs = socket.socketpair()
        ours.setblocking(False)  # noqa: FBT003  # takes no names
        try:
            with theirs:
                command = await sandbox.start(
                    CommandRequest(
                        id=name,
                        command=_command(),
                        cwd=_START,
                        scope=without(scope),
                        input=theirs.fileno(),
                    )
                )
        except BaseException:
            ours.close()
            raise
        return cls(command, ours)

    async def run(self, code: str, number: int, tools: Sequence[ToolSpec]) -> None:
        """Have it run a block, whose functions these tools are.

        Raises:
            OSError: it is dead.
        """
        if self._tools != tools:
            names = {tool.name: _described(tool) for tool in tools}
            await self._send({"names": names})
            self._tools = tools
        await self._send({"run": code, "block": number})

    async def interrupt(self, number: int) -> None:
        """Raise KeyboardInterrupt in that block, if it still runs."""
        await self._send({"interrupt": number})

    async def answer(self, call: int, answer: CallAnswer) -> None:
        """Tell the code what became of its call."""
        await self._send(
            {
                "answer": call,
                "status": answer.status,
                "summary": answer.summary,
                "output": answer.output,
            }
        )

    async def hear(self) -> Called | BlockEnded | None:
        """Wait for the next word; None: it is dead. What a cancellation cuts off stays.

        Raises:
            StrayWordsError: what came is no word of the interpreter's.
        """
        searched = 0
        while (end := self._heard.find(b"\n", searched)) < 0:
            searched = len(self._heard)
            if searched > _MESSAGE_BYTES:
                raise StrayWordsError
            await anyio.wait_readable(self._connection)
            try:
                part = self._connection.recv(_CHUNK_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                part = b""
            if not part:
                self._is_dead = True
                return None
            self._heard += part
        line = bytes(self._heard[:end])
        del self._heard[: end + 1]
        return decode(line)

    async def aclose(self) -> Ended:
        """Kill it with all that it has started, and wait for that."""
        with anyio.CancelScope(shield=True):
            if self._is_dead:
                # Not hurried: it is to be known how it ended by itself.
                with anyio.move_on_after(_DYING_SECONDS):
                    await self.command.ended()
            await self.command.stop(now=True)
            ended = await self.command.ended()
            await self.command.aclose()
        self._connection.close()
        return ended

    async def _send(self, message: Mapping[str, Any]) -> None:
        data = memoryview(msgspec.json.encode(message) + b"\n")
        while data:
            try:
                data = data[self._connection.send(data) :]
            except BlockingIOError:
                await anyio.wait_writable(self._connection)


def without(scope: Scope) -> Scope:
    """Hide all that the pod's scope names, but what the interpreter is made of.

    A part of the system that a pod may touch is readable for its commands anyway.
    """
    needed = (*SYSTEM, *toolchain())
    paths = dict.fromkeys(rule.path for rule in scope.rules)
    return Scope(
        rules=tuple(
            Rule(path=path, access="hidden")
            for path in paths
            if not any(is_within(known, path) for known in needed)
        )
    )


def toolchain() -> tuple[str, ...]:
    """Where the Python lies that runs podd, and with it the interpreter."""
    prefix = os.path.realpath(sys.base_prefix)
    return () if any(is_within(prefix, known) for known in SYSTEM) else (prefix,)


def _command() -> tuple[str, ...]:
    program = Path(interpreter.__file__).read_text(encoding="utf-8")
    # Not that of a virtual environment, which is not to be seen where it runs.
    python = getattr(sys, "_base_executable", sys.executable)
    return (os.path.realpath(python), "-I", "-S", "-c", program)


def _described(tool: ToolSpec) -> dict[str, Any]:
    properties: dict[str, Any] = tool.schema.get("properties", {})
    required = [name for name in properties if name in tool.schema.get("required", ())]
    lines = [
        f"{name}: {about['description']}"
        for name, about in properties.items()
        if "description" in about
    ]
    return {
        "required": required,
        "optional": [name for name in properties if name not in required],
        "doc": "\n\n".join([tool.description, "\n".join(lines)]).strip(),
    }
