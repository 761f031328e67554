"""The manifest of a child: what its parent has, less what is taken away.

Neither the user's nor a project's layer counts here: they have made the parent what it
is, and a child gets exactly what it is lent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from podd.errors import ManifestError
from podd.manifest.anchoring import LIBRARY_MARK, anchor_paths, anchored
from podd.manifest.child_facts import child_facts
from podd.manifest.child_name import child_name
from podd.manifest.child_scope import AskedScope, Place, asked_layer, place
from podd.manifest.completing import file_refusal
from podd.manifest.layer import (
    Layer,
    Table,
    dotted,
    leaves,
    lengthen_short_form,
    put,
    stated,
)
from podd.manifest.locator import KeyPath
from podd.manifest.meaning import check_values
from podd.manifest.narrowing import may_read, model_refusal, widenings
from podd.manifest.output_schema import Schema, read_schema, schema_problem
from podd.manifest.reading import read_layer
from podd.manifest.resolved import Origin, Resolved
from podd.manifest.schema import AgentSection, Manifest, PermissionsSection
from podd.manifest.scope_rules import Reading
from podd.manifest.shape import check_shape
from podd.manifest.toolchains import anchor_toolchains, missing_toolchains
from podd.manifest.vocabulary import PARENTS_TOOLS, TOOLS
from podd.paths import Places

#: What an error names in place of a file.
SOURCE: Final = "spawn_pod"
_NAME: Final[KeyPath] = ("pod", "name")
_WORKDIR: Final[KeyPath] = ("pod", "workdir")
_REF: Final[KeyPath] = ("model", "ref")
_PROVIDER: Final[KeyPath] = ("model", "provider")
_MODEL_NAME: Final[KeyPath] = ("model", "name")
_SCRIPT: Final[KeyPath] = ("model", "script")
_INSTRUCTION: Final[KeyPath] = ("agent", "instruction")
_SCHEMA: Final[KeyPath] = ("agent", "output_schema")
#: Of an instruction in a file; a system prompt beyond that is a mistake.
_INSTRUCTION_BYTES: Final = 262_144


class ChildAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What a model says of a child that it wants."""

    name: str
    """What the parent will call it."""
    scope: AskedScope | None = None
    instruction: str | None = None
    """A `$library/name`; anything else is a text, told besides the manifest's."""
    manifest: str | None = None
    """A file, relative to the parent's workdir."""
    model: str | None = None
    """PROVIDER/NAME."""
    budget: Any = None
    output_schema: Any = None


def child_manifest(
    parent: Resolved,
    asked: ChildAsked,
    *,
    pod: str,
    environment: Mapping[str, str],
    places: Places,
) -> Resolved:
    """Return the child's manifest.

    Its scope is not yet held against what the parent has lent already, nor grounded.

    Args:
        parent: its scope is grounded.
        asked: what the parent's model wants.
        pod: the parent's full name.
        environment: where `HOME` is looked up.
        places: where the user's models lie.

    Raises:
        NoSuchError: the manifest file is not there.
        ManifestError: something in it cannot be, or would give the child more than the
            parent has; `path` is the manifest file or `spawn_pod`, `key` says what.
    """
    name = child_name(pod, asked.name)
    if asked.budget is not None:
        reason = "not_supported: this podd does not have it yet"
        raise ManifestError(path=SOURCE, key="budget", reason=reason)
    if asked.output_schema is not None and (
        problem := schema_problem(asked.output_schema)
    ):
        raise ManifestError(path=SOURCE, key="output_schema", reason=problem)
    text = asked.instruction
    return _Child(
        parent=parent,
        name=name,
        layers=tuple(_layers(parent, asked, environment)),
        environment=environment,
        places=places,
        task_instruction=None if text is None or _is_reference(text) else text,
        output_schema=asked.output_schema,
    ).resolved()


def _layers(
    parent: Resolved, asked: ChildAsked, environment: Mapping[str, str]
) -> Iterator[Layer]:
    """Yield the manifest file, then what the call itself says."""
    if asked.manifest is not None:
        yield _file_layer(parent, asked.manifest, environment)
    table: Table = {}
    if asked.model is not None:
        put(table, ("model", "ref"), asked.model)
    if asked.instruction is not None and _is_reference(asked.instruction):
        put(table, ("agent", "instruction"), asked.instruction)
    layer = asked_layer(asked.scope or AskedScope(), parent)
    layer.table.update(table)
    _raise_first(check_values(layer))
    yield layer


def _is_reference(instruction: str) -> bool:
    """Whether it names a text; one that only begins with a price is a text itself."""
    return re.fullmatch(r"\$[a-z]+/\S+", instruction) is not None


def _file_layer(parent: Resolved, text: str, environment: Mapping[str, str]) -> Layer:
    try:
        path = anchored(text, parent.manifest.pod.workdir, environment)
    except ValueError as error:
        raise ManifestError(path=SOURCE, key="manifest", reason=str(error)) from error
    if not may_read(parent, path):
        reason = f"the parent may not read {path}"
        raise ManifestError(path=SOURCE, key="manifest", reason=reason)
    # The real one from here on: a link may not lead elsewhere the next time.
    path = os.path.realpath(path)
    layer = read_layer("file", path, os.path.dirname(path))  # noqa: PTH120  # text in, text out
    errors: list[ManifestError] = []
    lengthen_short_form(layer, errors)
    errors += check_shape(layer)
    errors += check_values(layer)
    errors += anchor_paths(layer, environment)
    workdir = stated(layer.table, _WORKDIR) or layer.base
    errors += anchor_toolchains(layer, Reading(workdir, workdir, environment))
    _raise_first(errors)
    return layer


def _raise_first(errors: list[ManifestError]) -> None:
    if errors:
        raise min(errors, key=lambda error: error.line or 0)


@dataclass(frozen=True, slots=True)
class _Child:
    """One child's manifest on its way to its resolved form."""

    parent: Resolved
    name: str
    layers: tuple[Layer, ...]
    """Low to high."""
    environment: Mapping[str, str]
    places: Places
    task_instruction: str | None
    output_schema: Schema | None
    """What the call says; it counts more than a file."""

    def resolved(self) -> Resolved:
        _raise_first([x for layer in self.layers for x in self._widenings(layer)])
        _raise_first([x for layer in self.layers for x in missing_toolchains(layer)])
        found = self._place()
        table = self._inherited()
        for layer in self.layers:
            for key, value in leaves(layer.table):
                if key[0] != "scope":
                    put(table, key, value)
        put(table, _NAME, self.name)
        put(table, _WORKDIR, found.workdir)
        table["model"] = self._model()
        table["tools"]["allow"] = self._tools(table)
        table["sandbox"]["require"] = self._required()
        table["scope"] = found.section
        self._pin(table, _SCRIPT)
        words = [self._instruction_text(table), self.task_instruction]
        task_instruction = "\n\n".join(text for text in words if text) or None
        output_schema = self.output_schema
        if output_schema is None:
            output_schema = self._schema_of_file(table)
        else:
            # The file's does not count, so nothing may point to it.
            put(table, _SCHEMA, None)
        manifest = msgspec.convert(table, Manifest, from_attributes=True, strict=True)
        file = next((x.path for x in self.layers if x.name == "file"), None)
        return Resolved(
            manifest=manifest,
            scope=found.scope,
            origins=dict(self._origins(manifest)),
            file=file,
            project_prompts=self.parent.project_prompts,
            lenders_permissions=self.parent.permissions,
            lenders_write=(
                *self.parent.lenders_write,
                *self.parent.scope.paths("write"),
            ),
            task_instruction=task_instruction,
            output_schema=output_schema,
            facts=child_facts(self.parent, manifest, self.places),
        )

    def _widenings(self, layer: Layer) -> Iterator[ManifestError]:
        yield from widenings(layer, self.parent)
        provider = stated(layer.table, _PROVIDER)
        if provider is not None:
            name = stated(layer.table, _MODEL_NAME) or ""
            if refusal := model_refusal(self.parent, provider, name):
                yield layer.error(_REF if layer.has(_REF) else _PROVIDER, *refusal)

    def _place(self) -> Place:
        errors: list[ManifestError] = []
        found = place(
            self.parent,
            self._last(("scope",)),
            working=self._last(_WORKDIR),
            environment=self.environment,
            errors=errors,
        )
        _raise_first(errors)
        assert found is not None, "without an error there is a place"
        return found

    def _inherited(self) -> Table:
        """Return what holds where no layer says anything."""
        own = self.parent.manifest
        # Never deeper than what is left, even if the parent should not spawn at all.
        limits = _plain(own.limits) | {"depth": max(0, own.limits.depth - 1)}
        agent = AgentSection(
            max_steps=own.agent.max_steps,
            trace=own.agent.trace,
            record=own.agent.record,
        )
        permissions = PermissionsSection(wait_seconds=own.permissions.wait_seconds)
        return {
            "pod": {},
            "agent": _plain(agent),
            "tools": _plain(own.tools),
            "sandbox": _plain(own.sandbox),
            "permissions": _plain(permissions),
            "limits": limits,
            "supervise": _plain(own.supervise),
        }

    def _model(self) -> Table:
        own = self.parent.manifest.model
        provider = self._value(_PROVIDER)
        table = _plain(own)
        if provider not in {None, own.provider}:
            table = {"provider": provider}
        for layer in self.layers:
            # What is said of another provider's model is set aside.
            if stated(layer.table, _PROVIDER) in {None, provider}:
                table.update(layer.table.get("model", {}))
        name = self._value(_MODEL_NAME)
        if table["provider"] == "scripted":
            table |= self._scripted(table, name)
        elif table.get("script") is not None:
            scripted = self._last(_SCRIPT)
            assert scripted is not None, "the parent's model has none"
            reason = f"means nothing to provider {table['provider']!r}"
            raise scripted.error(_SCRIPT, reason)
        if table["name"] != own.name:
            for key, usual in (("context_window", None), ("images", False)):
                table[key] = self._value(("model", key)) or usual
        table["ref"] = f"{table['provider']}/{table['name']}"
        return table

    def _scripted(self, table: Table, name: str | None) -> Table:
        script = self._value(_SCRIPT)
        layer = self._last(_PROVIDER)
        if script is None and layer is not None:
            raise layer.error(
                _REF if layer.has(_REF) else _PROVIDER,
                "provider 'scripted' needs a script",
                'give script = "FILE" under [model] of a manifest',
            )
        if script is None:
            return {"name": name or table["name"]}
        stem = os.path.basename(script).partition(".")[0]  # noqa: PTH119  # text in, text out
        return {"name": name or stem or "scripted"}

    def _tools(self, table: Table) -> list[str]:
        allowed = self._value(("tools", "allow"))
        if allowed is None:
            allowed = (*self.parent.manifest.tools.allow, "ask_parent")
        if 0 in (table["limits"]["pods"], table["limits"]["depth"]):
            allowed = [tool for tool in allowed if tool not in PARENTS_TOOLS]
        return sorted(set(allowed), key=TOOLS.built.index)

    def _required(self) -> list[str]:
        own = self.parent.manifest.sandbox.require
        return list(dict.fromkeys((*own, *(self._value(("sandbox", "require")) or ()))))

    def _instruction_text(self, table: Table) -> str | None:
        """Return what stands in an instruction's file, if a layer names one.

        It is read here and told as it stands, beside the usual instruction. Later its
        name could lead elsewhere, and as a template it could take in other files, both
        of which the parent may not read.
        """
        layer, path = self._last(_INSTRUCTION), stated(table, _INSTRUCTION)
        if layer is None or path is None or path.startswith(LIBRARY_MARK):
            return None
        if refusal := file_refusal(path):
            raise layer.error(_INSTRUCTION, refusal)
        put(table, _INSTRUCTION, AgentSection().instruction)
        with open(path, "rb") as file:  # noqa: PTH123  # text in, text out
            really = os.readlink(f"/proc/self/fd/{file.fileno()}")  # noqa: PTH115  # as above
            content = file.read(_INSTRUCTION_BYTES + 1)
        if not may_read(self.parent, really):
            raise layer.error(_INSTRUCTION, f"the parent may not read {really}")
        if len(content) > _INSTRUCTION_BYTES:
            reason = f"has more than {_INSTRUCTION_BYTES} bytes"
            raise layer.error(_INSTRUCTION, reason)
        try:
            return content.decode().strip()
        except UnicodeDecodeError:
            raise layer.error(_INSTRUCTION, "is not UTF-8") from None

    def _schema_of_file(self, table: Table) -> Schema | None:
        """Return what stands in the file that a layer names, read here and now."""
        layer, path = self._last(_SCHEMA), stated(table, _SCHEMA)
        if layer is None or path is None:
            return None
        try:
            return read_schema(path, lambda really: may_read(self.parent, really))
        except ValueError as error:
            raise layer.error(_SCHEMA, f"{path} {error}") from error

    def _pin(self, table: Table, key: KeyPath) -> None:
        """Take the file that a layer names by its real path, and see that it is one."""
        layer, path = self._last(key), stated(table, key)
        if layer is None or path is None or path.startswith(LIBRARY_MARK):
            return
        if refusal := file_refusal(path):
            raise layer.error(key, refusal)
        put(table, key, os.path.realpath(path))

    def _last(self, key: KeyPath) -> Layer | None:
        """Return the highest layer that states `key`."""
        return next((x for x in reversed(self.layers) if x.has(key)), None)

    def _value(self, key: KeyPath) -> Any:  # noqa: ANN401  # TOML values
        layer = self._last(key)
        return None if layer is None else stated(layer.table, key)

    def _origins(self, manifest: Manifest) -> Iterator[tuple[str, Origin]]:
        for key, value in leaves(msgspec.to_builtins(manifest, builtin_types=())):
            if value is None:
                continue
            layer = self._last(_MODEL_NAME if key == _REF else key)
            if key == _NAME:
                yield dotted(key), Origin(layer="spawn_pod")
            elif layer is not None and layer.name == "file":
                yield dotted(key), layer.origin(key)
            elif layer is not None:
                yield dotted(key), Origin(layer="spawn_pod")
            else:
                yield dotted(key), Origin(layer="parent")


def _plain(section: msgspec.Struct) -> Table:
    table: Table = msgspec.to_builtins(section, builtin_types=())
    return table
