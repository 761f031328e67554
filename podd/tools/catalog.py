"""All tools, what a model is told of them, and one call from its text to its result."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any, Final, Literal

import anyio
import anyio.to_thread
import msgspec
from msgspec.structs import FieldInfo

from podd.core.context.arguments import ArgumentsFault, decode
from podd.core.context.request import ToolSpec
from podd.errors import DeniedError, LeaseLostError, OutsideScopeError, PoddError
from podd.tools.ask_parent import AskParent
from podd.tools.ask_user import AskUser
from podd.tools.bash import Bash
from podd.tools.edit_file import EditFile
from podd.tools.glob import Glob
from podd.tools.grep import Grep
from podd.tools.list_pods import ListPods
from podd.tools.output_ends import shown
from podd.tools.output_store import encode
from podd.tools.read_file import OF_PICTURES, ReadFile
from podd.tools.read_pod_output import ReadPodOutput
from podd.tools.send_to_pod import SendToPod
from podd.tools.spawn_pod import SpawnPod
from podd.tools.stop_command import StopCommand
from podd.tools.stop_pod import StopPod
from podd.tools.text import one_line
from podd.tools.tool import Tool, ToolContext, ToolOutcome
from podd.tools.wait_pods import WaitPods
from podd.tools.write_file import WriteFile

_ALL: Final[tuple[Tool, ...]] = (
    ReadFile(),
    WriteFile(),
    EditFile(),
    Glob(),
    Grep(),
    Bash(),
    StopCommand(),
    SpawnPod(),
    SendToPod(),
    WaitPods(),
    ReadPodOutput(),
    StopPod(),
    ListPods(),
    AskUser(),
    AskParent(),
)

#: By name, in the order in which a model reads them (it is part of the prompt prefix).
TOOLS: Final[dict[str, Tool]] = {tool.name: tool for tool in _ALL}

#: Arguments that are known and not built, by tool: refused by their name.
_NOT_BUILT: Final = {"spawn_pod": frozenset({"budget"})}

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


def specs(
    names: Iterable[str], *, sees: Literal["text", "pictures"] = "text"
) -> tuple[ToolSpec, ...]:
    """Describe the named tools to a model, in the catalogue's order.

    Args:
        names: of tools.
        sees: what the model can be shown by a result.

    Raises:
        ValueError: there is no tool of such a name; the manifest refuses it earlier.
    """
    wanted = set(names)
    if unknown := wanted - TOOLS.keys():
        message = f"no such tool: {', '.join(sorted(unknown))}"
        raise ValueError(message)
    found = [_spec(tool) for name, tool in TOOLS.items() if name in wanted]
    if sees == "pictures":
        found = [
            msgspec.structs.replace(spec, description=spec.description + OF_PICTURES)
            if spec.name == ReadFile.name
            else spec
            for spec in found
        ]
    return tuple(found)


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
    seconds = tool.timeout_seconds
    if seconds is not None:
        seconds = context.timeouts.get(name, seconds)
    outcome = _error(f"{name} took longer than {seconds or 0:g} s and was stopped")
    with anyio.move_on_after(seconds):
        outcome = await _run(tool, arguments, context)
    return await _fitted(name, _one_line(outcome), context)


def decode_arguments(tool: Tool, arguments_json: str) -> msgspec.Struct | ToolOutcome:
    """Turn a model's text into arguments, or say what is wrong with it."""
    values = decode(arguments_json)
    if isinstance(values, ArgumentsFault):
        return _error(f"{tool.name}: its arguments {values.problem}")
    not_built = _NOT_BUILT.get(tool.name, frozenset())
    if refused := [name for name in not_built if values.pop(name, None) is not None]:
        named = ", ".join(f"`{name}`" for name in sorted(refused))
        return _error(f"{tool.name}: not_supported: {named} is not built yet")
    fields = _fields(tool.arguments)
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


@cache
def _fields(arguments: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    """Looked up once: it resolves annotations, which takes longer than most tools."""
    return msgspec.structs.fields(arguments)


async def _run(
    tool: Tool, arguments: msgspec.Struct, context: ToolContext
) -> ToolOutcome:
    try:
        return await tool.run(arguments, context)
    except (OutsideScopeError, LeaseLostError, DeniedError) as error:
        return _told(tool, error, "denied")
    except PoddError as error:
        return _told(tool, error, "error")
    except OSError as error:
        return _error(f"{tool.name}: {_os_fault(error, context)}")
    except Exception as error:  # noqa: BLE001  # every call gets a result, ours to mend
        return _error(f"{tool.name} failed inside: {type(error).__name__}: {error}")


def _told(
    tool: Tool, error: PoddError, status: Literal["error", "denied"]
) -> ToolOutcome:
    """The line that says what is wrong, and what follows it, such as a log's end."""
    line, _, more = str(error).partition("\n")
    # Wrong arguments name the tool themselves, in the place of a file.
    summary = f"{tool.name}: {line.removeprefix(f'{tool.name}: ')}"
    return ToolOutcome(status=status, summary=summary, content=more)


async def _fitted(name: str, outcome: ToolOutcome, context: ToolContext) -> ToolOutcome:
    outputs = context.outputs
    content = outputs.redact(outcome.content)
    if len(content) * 4 <= outputs.limit(name):
        # Four bytes are the most a character takes, so it fits without counting.
        return replace(outcome, content=shown(encode(content)))
    fitted = await anyio.to_thread.run_sync(
        outputs.fit, name, context.call, content, abandon_on_cancel=True
    )
    # A tool that streams has spilled already, and said no more than it may.
    spilled_to = fitted.spilled_to or outcome.spilled_to
    return replace(outcome, content=fitted.text, spilled_to=spilled_to)


def _spec(tool: Tool) -> ToolSpec:
    """Flatten what msgspec generates: providers differ in how they take $ref."""
    generated = msgspec.json.schema(tool.arguments)
    definitions = generated["$defs"]
    schema = _inlined(definitions[tool.arguments.__name__], definitions)
    schema.pop("description", None)
    return ToolSpec(name=tool.name, description=tool.description, schema=schema)


def _inlined(node: Any, definitions: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON
    """Put each definition in the place that refers to it; none refers to itself."""
    if isinstance(node, list):
        return [_inlined(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if (reference := node.get("$ref")) is not None:
        named = dict(definitions[reference.rpartition("/")[2]])
        # What a definition says of itself is for us; the place says it to the model.
        named.pop("description", None)
        return _inlined(named, definitions)
    # A title is the name of a type of ours, unless it is the name of an argument.
    return {
        key: _inlined(value, definitions)
        for key, value in node.items()
        if key != "title" or not isinstance(value, str)
    }


def _error(summary: str) -> ToolOutcome:
    return ToolOutcome(status="error", summary=summary)


def _one_line(outcome: ToolOutcome) -> ToolOutcome:
    """Keep a summary to a line: a path or an error may hold anything."""
    line = encode(one_line(outcome.summary, _SUMMARY_CHARACTERS)).decode()
    return replace(outcome, summary=line)


def _os_fault(error: OSError, context: ToolContext) -> str:
    number = error.errno or 0
    what = _PLAIN.get(number) or error.strerror or os.strerror(number)
    name: Any = error.filename
    return f"{context.files.shown(os.fsdecode(name))}: {what}" if name else what
