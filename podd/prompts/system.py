"""The system prompt of a pod: what it is told before anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from podd.core.context.request import ToolSpec
from podd.core.scope.rules import Access, Scope
from podd.prompts.agents_file import find_agents_file
from podd.prompts.catalogue import Catalogue
from podd.prompts.function_arguments import Argument, arguments_of
from podd_protocol.values import DriverName


@dataclass(frozen=True, slots=True)
class Function:
    """A tool as the code of a model calls it."""

    signature: str
    description: str
    arguments: tuple[Argument, ...] = ()

    @classmethod
    def of(cls, tool: ToolSpec) -> Function:
        """Write down how `tool` is called: required arguments first, in order."""
        arguments = arguments_of(tool.schema)
        words = [one.name if one.required else f"{one.name}=None" for one in arguments]
        signature = f"{tool.name}({', '.join(words)})"
        return cls(signature, tool.description, arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom the prompt is for."""

    pod: str
    workdir: str
    """Absolute and real."""
    scope: Scope
    """Grounded."""
    instruction: str
    """As in the resolved manifest: a reference or an absolute path."""
    tools: Sequence[str]
    """Names of what the model is offered."""
    date: str
    """Of today, YYYY-MM-DD."""
    task_instruction: str | None = None
    """What the parent's model says besides; no template."""
    driver: DriverName = "chat"
    functions: Sequence[Function] = ()
    """The tools, as the driver `code` has them called."""
    output_schema: Mapping[str, Any] | None = None
    """What a turn is to end in."""


def render_system(subject: Subject, catalogue: Catalogue) -> str:
    """Return the instruction, the boundaries, and AGENTS.md if there is one.

    The same files and subject give the same bytes. Call it once for a surface: the
    result stands in the journal, and a restored pod takes it from there.

    Raises:
        ManifestError: a text is missing or its template broken; names file and line.
    """
    # Imported late: a restored pod needs no template engine.
    from podd.prompts.templates import render

    variables: Mapping[str, object] = {
        "date": subject.date,
        "workdir": subject.workdir,
        "tools": sorted(subject.tools),
        "pod": subject.pod,
        "driver": subject.driver,
        "wants_value": subject.output_schema is not None,
    }
    instruction = catalogue.find(subject.instruction)
    boundaries = {**variables, **_boundaries(subject.scope)}
    parts = [
        render(catalogue, instruction, variables),
        render(catalogue, catalogue.text("boundaries"), boundaries),
    ]
    if subject.driver == "code":
        about_code = {**variables, "functions": subject.functions}
        parts.append(render(catalogue, catalogue.text("code_tools"), about_code))
    if subject.output_schema is not None:
        wanted = {
            "schema": msgspec.json.format(
                msgspec.json.encode(subject.output_schema), indent=2
            ).decode(),
            "driver": subject.driver,
        }
        parts.append(render(catalogue, catalogue.text("output_schema"), wanted))
    if subject.task_instruction:
        parts.append(subject.task_instruction.strip())
    if found := find_agents_file(subject.workdir, subject.scope):
        about = {
            "path": found.path,
            "content": found.content,
            "left_out": found.left_out,
            "fault": found.fault,
        }
        parts.append(render(catalogue, catalogue.text("agents_file"), about))
    return "\n\n".join(part for part in parts if part) + "\n"


def _boundaries(scope: Scope) -> dict[str, object]:
    """Return what the model is told of `scope`. Hidden paths stay hidden."""
    writable = _listed(scope, "write")
    # Said once: what may be written may be read.
    readable = [path for path in _listed(scope, "read") if path not in writable]
    return {
        "readable": [*readable, *writable],
        "writable": writable,
        "read_only": _listed(scope, "read_only"),
    }


def _listed(scope: Scope, access: Access) -> list[str]:
    return [
        rule.path if rule.recursive else f"{rule.path} (not its subdirectories)"
        for rule in scope.rules
        if rule.access == access
    ]
