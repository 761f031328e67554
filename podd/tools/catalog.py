"""All tools, what a model is told of them, and one call from its text to its result."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import anyio
import anyio.to_thread
import msgspec

from podd.core.context.arguments import ArgumentsFault, decode
from podd.core.context.request import ToolSpec
from podd.errors import DeniedError, LeaseLostError, OutsideScopeError, PoddError
from podd.tools.edit_file import EditFile
from podd.tools.glob import Glob
from podd.tools.grep import Grep
from podd.tools.output_store import encode
from podd.tools.read_file import ReadFile
from podd.tools.tool import Tool, ToolContext, ToolOutcome
from podd.tools.write_file import WriteFile

_ALL: Final[tuple[Tool, ...]] = (
    ReadFile(),
    WriteFile(),
    EditFile(),
    Glob(),
    Grep(),
)

#: By name, in the order in which a model reads them (it is part of the prompt prefix).
TOOLS: Final[dict[str, Tool]] = {tool.name: tool for tool in _ALL}

#: A summary is a line, not a page; a path alone may have 4,096 bytes.
_SUMMARY_CHARACTERS: Final = 1000

#: What an operating system's error means to somebody who cannot see the machine.
_PLAIN: Final = {
    errno.ENOENT: "there is no such file or directory",
    errno.EISDIR: "it is a directory, not a file",
    errno.ENOTDIR: "a part of the path is a file, not a directory",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENOSPC: "the disk is full; nothing was changed",
    errno.EDQUOT: "the disk quota is used up; nothing was changed",
    errno.EROFS: "the file system is read-only",
}


def specs(names: Iterable[str]) -> tuple[ToolSpec, ...]:
    """Describe the named tools to a model, in the catalogue's order.

    Raises:
        ValueError: there is no tool of such a name; the manifest refuses it earlier.
    """
    wanted = set(names)
    if unknown := wanted - TOOLS.keys():
        message = f"no such tool: {', '.join(sorted(unknown))}"
        raise ValueError(message)
    return tuple(_spec(tool) for name, tool in TOOLS.items() if name in wanted)


async def run_call(name: str, arguments_json: str, context: ToolContext) -> ToolOutcome:
    """Run one call. Whatever goes wrong is in the outcome; only cancellation passes.

    Args:
        name: as the model wrote it.
        arguments_json: as the model wrote it, so perhaps no JSON at all; empty for {}.
        context: what the call may use.
    """
    tool = TOOLS.get(name)
    if tool is None:
        known = ", ".join(TOOLS)
        return _one_line(_error(f"there is no tool {name!r}; there are: {known}"))
    arguments = decode_arguments(tool, arguments_json)
    if isinstance(arguments, ToolOutcome):
        return _one_line(arguments)
    seconds = context.timeout_seconds(name)
    outcome = _error(f"{name} took longer than {seconds:g} s and was stopped")
    with anyio.move_on_after(seconds):
        outcome = await _run(tool, arguments, context)
    return await _fitted(name, _one_line(outcome), context)


def decode_arguments(tool: Tool, arguments_json: str) -> msgspec.Struct | ToolOutcome:
    """Turn a model's text into arguments, or say what is wrong with it."""
    values = decode(arguments_json)
    if isinstance(values, ArgumentsFault):
        return _error(f"{tool.name}: its arguments {values.problem}")
    fields = msgspec.structs.fields(tool.arguments)
    known = [field.name for field in fields]
    wrong = [f"`{given}` is not known" for given in values if given not in known]
    wrong += [
        f"`{field.name}` is missing"
        for field in fields
        if field.required and field.name not in values
    ]
    if wrong:
        takes = ", ".join(known)
        return _error(f"{tool.name}: {'; '.join(wrong)}; the arguments are: {takes}")
    try:
        return msgspec.convert(values, tool.arguments)
    except msgspec.ValidationError as error:
        return _error(f"{tool.name}: {error}")


async def _run(
    tool: Tool, arguments: msgspec.Struct, context: ToolContext
) -> ToolOutcome:
    try:
        return await tool.run(arguments, context)
    except (OutsideScopeError, LeaseLostError, DeniedError) as error:
        return ToolOutcome(status="denied", summary=f"{tool.name}: {error}")
    except PoddError as error:
        return _error(f"{tool.name}: {error}")
    except OSError as error:
        return _error(f"{tool.name}: {_os_fault(error, context)}")
    except Exception as error:  # noqa: BLE001  # every call gets a result, ours to mend
        return _error(f"{tool.name} failed inside: {type(error).__name__}: {error}")


async def _fitted(name: str, outcome: ToolOutcome, context: ToolContext) -> ToolOutcome:
    outputs = context.outputs
    content = outputs.redact(outcome.content)
    if len(content) * 4 <= outputs.limit(name):
        # Four bytes are the most a character takes, so it fits without counting.
        return replace(outcome, content=encode(content).decode())
    fitted = await anyio.to_thread.run_sync(
        outputs.fit, name, context.call, content, abandon_on_cancel=True
    )
    return replace(outcome, content=fitted.text, spilled_to=fitted.spilled_to)


def _spec(tool: Tool) -> ToolSpec:
    """Flatten what msgspec generates: providers differ in how they take $ref."""
    generated = msgspec.json.schema(tool.arguments)
    definitions = generated["$defs"]
    schema = dict(definitions.pop(tool.arguments.__name__))
    assert not definitions, "arguments are flat: nothing refers to another definition"
    for untold in ("title", "description"):
        schema.pop(untold, None)
    return ToolSpec(name=tool.name, description=tool.description, schema=schema)


def _error(summary: str) -> ToolOutcome:
    return ToolOutcome(status="error", summary=summary)


def _one_line(outcome: ToolOutcome) -> ToolOutcome:
    """Keep a summary to a line: a path or an error may hold anything."""
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in outcome.summary)
    line = encode(line).decode()
    if len(line) > _SUMMARY_CHARACTERS:
        half = _SUMMARY_CHARACTERS // 2
        line = f"{line[:half]} ... {line[-half:]}"
    return replace(outcome, summary=line)


def _os_fault(error: OSError, context: ToolContext) -> str:
    number = error.errno or 0
    what = _PLAIN.get(number) or error.strerror or os.strerror(number)
    name: Any = error.filename
    return f"{context.files.shown(os.fsdecode(name))}: {what}" if name else what
