"""The persistent interpreter of the `code` driver: blocks of code, one after the other.

It is a command of the pod's like any other, but one that may touch nothing of the
scope: so it is none of the writers that a loan has to wait for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import anyio
import anyio.to_thread
import msgspec

from podd.core.context.nesting import nesting_problem
from podd.core.context.request import ToolSpec
from podd.core.scope.rules import Scope
from podd.errors import CommandNotStartedError
from podd.runtime.interpreter_process import (
    BlockEnded,
    Called,
    InterpreterProcess,
    StrayWordsError,
)
from podd.runtime.ports import CallAnswer, CodeEnd
from podd.sandbox.sandbox import Sandbox
from podd.tools.live_output import LiveOutput
from podd.tools.output_store import OutputStore
from podd.tools.output_stream import OutputStream

#: How long a block may take where the manifest does not say; as for `bash`. Time in
#: which a tool works, or people are asked, does not count.
DEFAULT_SECONDS: Final = 120.0

#: Between KeyboardInterrupt and the end of the interpreter.
_GRACE_SECONDS: Final = 2.0

#: A pipe may hold this much (fs.pipe-max-size), and so much waits at a block's end.
_PIPE_BYTES: Final = 1 << 20

_NAME: Final = "code"
_LOST: Final = "all names that were defined are gone"

_OnCall = Callable[[str, str], Awaitable[CallAnswer]]


class CodeInterpreter(msgspec.Struct, kw_only=True):
    """The driver's `Interpreter`; its process starts with the first block."""

    sandbox: Sandbox
    scope: Callable[[], Scope]
    """What the pod may touch now, none of which the code may."""
    tools: Callable[[], Sequence[ToolSpec]]
    """What the code may call now."""
    outputs: OutputStore
    seconds: float = DEFAULT_SECONDS
    grace_seconds: float = _GRACE_SECONDS
    _process: InterpreterProcess | None = None
    _number: int = 0
    _running: anyio.Lock = msgspec.field(default_factory=anyio.Lock)
    _is_lost: bool = False
    """An interpreter has died, and nobody was told."""

    async def run(
        self,
        code: str,
        *,
        block: str,
        on_output: Callable[[str], None],
        on_call: _OnCall,
    ) -> CodeEnd:
        """Run one block; see the port.

        One that was cancelled is over for its turn at once and is cleaned up a little
        later: the next one waits for that.
        """
        async with self._running:
            return await self._run(code, block, on_output, on_call)

    async def aclose(self) -> None:
        """End it; see the port."""
        if self._process is not None:
            await self.end()
        self._is_lost = False

    async def end(self) -> str:
        """Kill the process that runs; in words, how it had ended if it was dead."""
        process, self._process = self._process, None
        assert process is not None, "one runs"
        self._is_lost = True
        return (await process.aclose()).reason

    async def _run(
        self, code: str, block: str, on_output: Callable[[str], None], on_call: _OnCall
    ) -> CodeEnd:
        self._number += 1
        output = OutputStream(self.outputs, _NAME, block)
        live = LiveOutput(on_output)
        try:
            try:
                process = await self._begin(code)
            except CommandNotStartedError as error:
                return CodeEnd(status="error", summary=str(error), output="")
            was_lost, self._is_lost = self._is_lost, False
            end = await _Block(self, process, output, live).see_through(on_call)
            last, printed = await anyio.to_thread.run_sync(output.finish)
        except BaseException:
            # No result names the file.
            output.discard()
            raise
        live.add(last)
        live.flush()
        summary = end.summary
        if was_lost and not end.lost:
            summary = (
                f"{summary}; it is a new interpreter: {_LOST} since an earlier one died"
            )
        return msgspec.structs.replace(
            end,
            summary=self.outputs.redact(summary),
            output=printed.text,
            spilled_to=printed.spilled_to,
        )

    async def _begin(self, code: str) -> InterpreterProcess:
        """Give the block to an interpreter; to a new one where the old one is dead."""
        if self._process is not None:
            try:
                with anyio.fail_after(self.grace_seconds):
                    await self._process.run(code, self._number, self.tools())
            except OSError:
                await self.end()
            else:
                return self._process
        process = self._process = await InterpreterProcess.start(
            self.sandbox,
            name=f"{_NAME}-{self._number}",
            scope=self.scope(),
        )
        try:
            await process.run(code, self._number, self.tools())
        except OSError as error:
            reason = await self.end()
            raise CommandNotStartedError(reason=f"it {reason}") from error
        return process


class _Block:
    """One that runs."""

    def __init__(
        self,
        owner: CodeInterpreter,
        process: InterpreterProcess,
        output: OutputStream,
        live: LiveOutput,
    ) -> None:
        self._owner = owner
        self._process = process
        self._output = output
        self._live = live
        self._number = owner._number  # noqa: SLF001  # of one file
        self._left = owner.seconds
        self._taking = anyio.Lock()

    async def see_through(self, on_call: _OnCall) -> CodeEnd:
        """Run it to its end, with what it prints."""
        failure: Exception | None = None
        end: CodeEnd | None = None
        async with anyio.create_task_group() as telling:
            telling.start_soon(self._live.tell)
            telling.start_soon(self._read)
            try:
                end = await self._to_the_end(on_call)
            except Exception as error:  # noqa: BLE001  # raised below: a group would wrap it
                failure = error
                await self._owner.end()
            except anyio.get_cancelled_exc_class():
                with anyio.CancelScope(shield=True):
                    if await self._interrupt():
                        await self._drain()
                raise
            telling.cancel_scope.cancel()
        if failure is not None:
            raise failure
        assert end is not None, "it has ended or failed"
        return end

    async def _to_the_end(self, on_call: _OnCall) -> CodeEnd:
        try:
            end = await self._converse(on_call)
        except StrayWordsError:
            await self._owner.end()
            return _died("the code wrote to the interpreter's own socket")
        except OSError:
            end = None
        if end is not None:
            await self._drain()
            if (problem := nesting_problem(end.value)) is not None:
                words = f"submit() was given what nobody could read: {problem}"
                return CodeEnd(status="error", summary=words, output="")
            return CodeEnd(
                status="ok" if end.status == "ok" else "error",
                summary=end.summary,
                output="",
                submitted=end.submitted,
                value=end.value,
            )
        if self._left > 0:
            await self._drain()
            return _died(f"the interpreter {_blamed(await self._owner.end())}")
        return await self._time_out()

    async def _converse(self, on_call: _OnCall) -> BlockEnded | None:
        """Do what the code asks for; None: it is dead, or its time is up."""
        while True:
            began = anyio.current_time()
            message = None
            with anyio.move_on_after(self._left) as limit:
                message = await self._process.hear()
            self._left -= anyio.current_time() - began
            if limit.cancelled_caught:
                self._left = 0.0
                return None
            if message is None:
                self._left = max(self._left, 1.0)
                return None
            if isinstance(message, BlockEnded):
                if message.ended != self._number:
                    raise StrayWordsError
                return message
            answer = await _answer(message, on_call)
            with anyio.move_on_after(max(self._left, 1.0)):
                await self._process.answer(message.call, answer)

    async def _time_out(self) -> CodeEnd:
        words = f"ended after {self._owner.seconds:g} s"
        if await self._interrupt():
            await self._drain()
            return CodeEnd(status="error", summary=words, output="")
        return _died(f"{words}: it went on after KeyboardInterrupt")

    async def _interrupt(self) -> bool:
        """End the block; whether the interpreter lives on."""
        with anyio.move_on_after(self._owner.grace_seconds):
            try:
                await self._process.interrupt(self._number)
                while (message := await self._process.hear()) is not None:
                    if isinstance(message, BlockEnded):
                        return True
                    refusal = CallAnswer(status="interrupted", summary="interrupted")
                    await self._process.answer(message.call, refusal)
            except (OSError, StrayWordsError):
                pass
        await self._owner.end()
        return False

    async def _read(self) -> None:
        async for data in self._process.command.chunks():
            await self._take(data)

    async def _drain(self) -> None:
        """Take what the block has printed and nobody has read."""
        left = _PIPE_BYTES
        while left > 0 and (data := self._process.command.waiting()):
            left -= len(data)
            await self._take(data)

    async def _take(self, data: bytes) -> None:
        # What was read is kept, in its order, whoever cancels.
        with anyio.CancelScope(shield=True):
            async with self._taking:
                text = await anyio.to_thread.run_sync(self._output.feed, data)
            self._live.add(text)


async def _answer(called: Called, on_call: _OnCall) -> CallAnswer:
    if (problem := nesting_problem(called.arguments)) is not None:
        words = f"not run: {problem}"
        return CallAnswer(status="error", summary=words)
    return await on_call(called.name, msgspec.json.encode(called.arguments).decode())


def _died(words: str) -> CodeEnd:
    return CodeEnd(status="error", summary=f"{words}; {_LOST}", output="", lost=True)


def _blamed(reason: str) -> str:
    return f"{reason} (out of memory?)" if "SIGKILL" in reason else reason
