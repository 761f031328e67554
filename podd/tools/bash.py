"""The tool that runs a shell's text."""

from __future__ import annotations

from typing import Annotated, Final

import anyio
import anyio.to_thread
import msgspec

from podd.tools.command_end import told
from podd.tools.live_output import LiveOutput
from podd.tools.output_store import FittedOutput
from podd.tools.output_stream import OutputStream
from podd.tools.ports import CommandEnded, Commands
from podd.tools.text import count
from podd.tools.tool import ToolContext, ToolOutcome

#: How long a command may take where neither the call nor the manifest says.
DEFAULT_SECONDS: Final = 120.0

#: What a call may ask for where the manifest does not say.
MOST_SECONDS: Final = 600.0

#: A day: a command in the background that needs a limit needs no longer one.
_BACKGROUND_SECONDS: Final = 86_400.0

#: What runs the command ends it in time. If that hangs too, this much later we go on.
_BACKSTOP_SECONDS: Final = 30.0

#: Linux takes no longer argument (MAX_ARG_STRLEN, with the zero at its end).
COMMAND_BYTES: Final = 131_071

#: Words of the kernel where a command met a hole in its scope.
_REFUSED: Final = ("Read-only file system", "Permission denied")

_NAMED_LOANS: Final = 8


class BashArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to run, and how."""

    command: Annotated[
        str, msgspec.Meta(description="The text for the shell.", min_length=1)
    ]
    timeout_seconds: Annotated[
        Annotated[float, msgspec.Meta(gt=0, le=_BACKGROUND_SECONDS)] | None,
        msgspec.Meta(
            description=f"After that it is stopped; absent: {DEFAULT_SECONDS:g}, in "
            "the background no limit."
        ),
    ] = None
    background: Annotated[
        bool,
        msgspec.Meta(
            description="Do not wait: answer at once with its id and the file that "
            "takes its output. You are told when it ends."
        ),
    ] = False


class Bash:
    """Runs a command, confined to what this pod may touch."""

    name = "bash"
    description = (
        "Run a command in a shell, in the workdir, and wait until it ends. It may read "
        "and write what you may, and what is installed; nothing else is there. Its "
        "standard input is empty and there is no terminal. HOME and TMPDIR are private "
        "directories of its own, gone afterwards unless they lie in your scope. Each "
        "call is a new shell; all that it started ends with it. Use background for "
        "what runs on: read its output with read_file, end it with stop_command."
    )
    repeatable = False
    timeout_seconds = None
    arguments = BashArguments

    async def run(self, arguments: BashArguments, context: ToolContext) -> ToolOutcome:
        """Run it. A cancellation ends what was started, then passes."""
        if context.commands is None:
            return _error("this pod can run no commands; podctl doctor says why")
        most = context.timeouts.get(self.name, MOST_SECONDS)
        if refusal := _refusal(arguments, most):
            return _error(refusal)
        if arguments.background:
            return await _start(context.commands, arguments, context)
        seconds = arguments.timeout_seconds or min(DEFAULT_SECONDS, most)
        return await _Foreground(context, context.commands).run(
            arguments.command, seconds
        )


def _refusal(arguments: BashArguments, most: float) -> str:
    if "\0" in arguments.command:
        return "a command cannot contain a zero byte"
    if (size := len(arguments.command.encode())) > COMMAND_BYTES:
        return (
            f"the command has {size} bytes, more than the {COMMAND_BYTES} that Linux "
            "takes; write a script with write_file and run that"
        )
    asked = arguments.timeout_seconds
    if asked is not None and asked > most and not arguments.background:
        return (
            f"timeout_seconds is {asked:g}, and at most {most:g} is allowed here; for "
            "what takes longer set background"
        )
    return ""


async def _start(
    commands: Commands, arguments: BashArguments, context: ToolContext
) -> ToolOutcome:
    begun = await commands.start(
        arguments.command,
        call=context.call,
        timeout_seconds=arguments.timeout_seconds,
    )
    return ToolOutcome(
        status="ok",
        summary=f"runs in the background as {begun.command!r}; "
        f"its output goes to {context.files.shown(begun.output)}",
    )


class _Foreground:
    """One command that is waited for."""

    def __init__(self, context: ToolContext, commands: Commands) -> None:
        self._context = context
        self._commands = commands
        self._output = OutputStream(context.outputs, Bash.name, context.call)
        self._live = LiveOutput(context.progress)

    async def run(self, text: str, seconds: float) -> ToolOutcome:
        began = anyio.current_time()
        try:
            ended = await self._to_the_end(text, seconds)
            took = anyio.current_time() - began
            last, output = await anyio.to_thread.run_sync(self._output.finish)
        except BaseException:
            # No result names the file.
            self._output.discard()
            raise
        self._live.add(last)
        self._live.flush()
        status = "ok" if ended.end == "exited" and ended.status == 0 else "error"
        said = [_said(ended, seconds, took), *self._remarks(output)]
        if status == "error":
            said += _loans(output.text, self._context)
        return ToolOutcome(
            status="ok" if status == "ok" else "error",
            summary="; ".join(said),
            content=output.text,
            spilled_to=output.spilled_to,
        )

    async def _to_the_end(self, text: str, seconds: float) -> CommandEnded:
        ended = CommandEnded(
            end="lost", status=0, reason="nothing was heard of it any more"
        )
        failure: Exception | None = None
        async with anyio.create_task_group() as telling:
            telling.start_soon(self._live.tell)
            try:
                with anyio.move_on_after(seconds + _BACKSTOP_SECONDS):
                    ended = await self._commands.run(
                        text,
                        call=self._context.call,
                        timeout_seconds=seconds,
                        on_output=self._take,
                    )
            except Exception as error:  # noqa: BLE001  # raised below: a group would wrap it
                failure = error
            telling.cancel_scope.cancel()
        if failure is not None:
            raise failure
        return ended

    async def _take(self, data: bytes) -> None:
        self._live.add(await anyio.to_thread.run_sync(self._output.feed, data))

    def _remarks(self, output: FittedOutput) -> list[str]:
        if not self._output.size:
            return ["it printed nothing"]
        size = count(self._output.size, "byte")
        printed = [f"{size} of output, cut"] if output.spilled_to else []
        return printed + self._output.remarks()


def _said(ended: CommandEnded, seconds: float, took: float) -> str:
    if ended.end == "timed_out":
        return (
            f"took longer than {seconds:g} s and was stopped, with all it had started"
        )
    return f"{told(ended)} after {took:.1f} s"


def _loans(text: str, context: ToolContext) -> list[str]:
    """The kernel says only that a directory is read-only; say whose it is by now."""
    if not any(words in text for words in _REFUSED):
        return []
    files = context.files
    loans = [f"{files.shown(path)} is lent to pod {pod!r}" for path, pod in files.lent]
    if (more := len(loans) - _NAMED_LOANS) > 0:
        loans[_NAMED_LOANS:] = [f"and {more} more"]
    return ["note: " + ", ".join(loans)] if loans else []


def _error(summary: str) -> ToolOutcome:
    return ToolOutcome(status="error", summary=summary)
