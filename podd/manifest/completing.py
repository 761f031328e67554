"""From merged layers to a manifest in which every key has its value."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from podd.errors import ManifestError
from podd.manifest.anchoring import LIBRARY_MARK, is_utf8
from podd.manifest.catalogue.catalogue import Catalogue
from podd.manifest.catalogue.facts import ModelFacts
from podd.manifest.catalogue.money import unpriced
from podd.manifest.layer import dotted, leaves, put, stated
from podd.manifest.locator import KeyPath
from podd.manifest.meaning import name_refusal
from podd.manifest.merging import Merged
from podd.manifest.output_schema import Schema, read_schema
from podd.manifest.request import LoadRequest
from podd.manifest.resolved import Origin, Resolved
from podd.manifest.schema import Manifest, ScopeSection
from podd.manifest.scope_rules import (
    Reading,
    build_scope,
    guarded_paths,
    resolve_section,
)
from podd.manifest.toolchains import anchor_toolchains, missing_toolchains
from podd.manifest.vocabulary import PROVIDERS, WITHOUT_PLACES

_NAME: Final[KeyPath] = ("pod", "name")
_WORKDIR: Final[KeyPath] = ("pod", "workdir")
_REF: Final[KeyPath] = ("model", "ref")
_MODEL_NAME: Final[KeyPath] = ("model", "name")
_PROVIDER: Final[KeyPath] = ("model", "provider")
_SCRIPT: Final[KeyPath] = ("model", "script")
_INPUT: Final[KeyPath] = ("agent", "input")
_INSTRUCTION: Final[KeyPath] = ("agent", "instruction")
_SCHEMA: Final[KeyPath] = ("agent", "output_schema")
_TOOLCHAINS: Final[KeyPath] = ("sandbox", "read")
_SCRIPTED: Final = "scripted"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a manifest is completed from, besides its layers."""

    request: LoadRequest
    file: str | None
    """The manifest file given, absolute."""
    workdir: str
    caller_directory: str
    manifests: tuple[str, ...]
    """The files of all layers."""
    project_prompts: str | None


class Completing:
    """One manifest on its way from its layers to its resolved form."""

    def __init__(
        self,
        merged: Merged,
        setting: Setting,
        errors: list[ManifestError],
        warnings: list[str],
    ) -> None:
        self._merged = merged
        self._table = merged.table
        self._setting = setting
        self._errors = errors
        self._warnings = warnings

    def run(self) -> Resolved | None:
        """Return the manifest, or None where there is, or was before, any error."""
        # What was wrong in a section before was taken out: asking for it again would
        # only tell of the hole.
        if not self._is_broken("model") and not self._is_broken("pod.model"):
            self._complete_model()
        self._check_instruction()
        output_schema = self._output_schema()
        if not self._is_broken("pod.name"):
            self._complete_name()
        section = ScopeSection()
        if not self._is_broken("pod.workdir"):
            self._check_workdir()
            section = self._scope()
            self._resolve_toolchains()
        if stated(self._table, _INPUT) == "":
            # `--set agent.input=""` takes back what a lower layer states.
            self._table["agent"]["input"] = None
        if self._errors:
            return None
        self._table["scope"] = section
        manifest = msgspec.convert(
            self._table, Manifest, from_attributes=True, strict=True
        )
        facts = self._facts(manifest)
        if self._errors:
            return None
        guarded = guarded_paths(self._setting.manifests, self._setting.request.places)
        return Resolved(
            manifest=manifest,
            scope=build_scope(section, guarded),
            origins=dict(self._origins(manifest)),
            file=self._setting.file,
            project_prompts=self._setting.project_prompts,
            output_schema=output_schema,
            facts=facts,
            warnings=tuple(self._warnings),
        )

    def _is_broken(self, section: str) -> bool:
        return any(
            error.key == section or error.key.startswith(f"{section}.")
            for error in self._errors
        ) or any(not error.key for error in self._errors)

    def _blame(self, key: KeyPath, reason: str, hint: str = "") -> None:
        """Note an error at whoever stated `key`, or at the file that did not."""
        if source := self._merged.sources.get(key):
            self._errors.append(source.error(key, reason, hint))
            return
        path = self._setting.file or "built-in"
        self._errors.append(
            ManifestError(path=path, key=dotted(key), reason=reason, hint=hint)
        )

    def _complete_model(self) -> None:
        provider = stated(self._table, _PROVIDER)
        name = stated(self._table, _MODEL_NAME)
        if provider is None:
            key, reason = (_REF, "no model is named")
            if name is not None:
                key, reason = (_PROVIDER, "is missing beside model.name")
            self._blame(
                key,
                reason,
                "give --model PROVIDER/NAME, or ref under [model]; "
                f"providers: {', '.join(PROVIDERS.built)}",
            )
            return
        for part in ("region", "api_version"):
            if ("model", part) in self._merged.sources and provider in WITHOUT_PLACES:
                self._blame(("model", part), f"means nothing to provider {provider!r}")
        if provider == _SCRIPTED:
            self._check_script()
        elif self._merged.sources.get(_SCRIPT):
            self._blame(_SCRIPT, f"means nothing to provider {provider!r}")
        if name is None and provider == _SCRIPTED:
            script = Path(stated(self._table, _SCRIPT) or _SCRIPTED)
            name = script.name.partition(".")[0] or _SCRIPTED
        if name is None:
            self._blame(_MODEL_NAME, f"no model of provider {provider!r} is named")
            return
        put(self._table, _MODEL_NAME, name)
        put(self._table, _REF, f"{provider}/{name}")

    def _check_script(self) -> None:
        for part in ("base_url", "auth"):
            if ("model", part) in self._merged.sources:
                self._blame(("model", part), "means nothing to provider 'scripted'")
        path = stated(self._table, _SCRIPT)
        if path is None:
            hint = 'give script = "FILE" under [model]'
            self._blame(_SCRIPT, "provider 'scripted' needs a script", hint)
            return
        self._check_file(_SCRIPT, path)

    def _check_instruction(self) -> None:
        """Blame the line now; a reference into a library is looked up at spawn."""
        path = stated(self._table, _INSTRUCTION)
        if path is not None and not path.startswith(LIBRARY_MARK):
            self._check_file(_INSTRUCTION, path)

    def _output_schema(self) -> Schema | None:
        path = stated(self._table, _SCHEMA)
        if path is None:
            return None
        try:
            return read_schema(path)
        except ValueError as error:
            self._blame(_SCHEMA, f"{path} {error}")
            return None

    def _facts(self, manifest: Manifest) -> ModelFacts:
        # Checked with the manifest: a mistake in the user's models is one in what the
        # pod would go by.
        catalogue = Catalogue.checked(self._setting.request.places, self._errors)
        facts = catalogue.facts_of(manifest.model)
        if refusal := unpriced(manifest, facts):
            self._blame(("limits", "cost_usd"), *refusal)
        return facts

    def _check_file(self, key: KeyPath, path: str) -> None:
        if refusal := file_refusal(path):
            self._blame(key, refusal)

    def _complete_name(self) -> None:
        if stated(self._table, _NAME) is not None:
            return
        if self._setting.file is None:
            hint = "give --name, or name under [pod]"
            self._blame(_NAME, "there is no file to take a name from", hint)
            return
        stem = Path(self._setting.file).stem
        if refusal := name_refusal(stem):
            reason, hint = refusal
            self._blame(_NAME, f"the file's stem: {reason}", hint)
        put(self._table, _NAME, stem)

    def _check_workdir(self) -> None:
        workdir = self._setting.workdir
        put(self._table, _WORKDIR, workdir)
        if not is_utf8(workdir):
            self._blame(_WORKDIR, f"{workdir!a} is not UTF-8")
            return
        try:
            is_directory = stat.S_ISDIR(os.stat(workdir).st_mode)  # noqa: PTH116  # text in, text out
        except OSError as error:
            self._blame(_WORKDIR, f"{workdir}: {error.strerror}")
            return
        if not is_directory:
            self._blame(_WORKDIR, f"{workdir} is not a directory")
        elif not os.access(workdir, os.R_OK | os.X_OK):
            self._blame(_WORKDIR, f"{workdir} may not be read")

    def _scope(self) -> ScopeSection:
        if self._is_broken("pod.workdir") or self._is_broken("scope"):
            return ScopeSection()
        highest = self._merged.scope
        for lower in self._merged.set_aside:
            assert highest is not None, "something set the lower one aside"
            self._warnings.append(
                f"[scope] of {lower.path} does not count: scopes are never merged, "
                f"and {highest.path} states one"
            )
        return resolve_section(highest, self._reading(), self._errors)

    def _resolve_toolchains(self) -> None:
        layer = self._merged.sources.get(_TOOLCHAINS)
        if layer is not None and not self._is_broken("pod.workdir"):
            errors = anchor_toolchains(layer, self._reading())
            self._errors += errors or missing_toolchains(layer)
            put(self._table, _TOOLCHAINS, stated(layer.table, _TOOLCHAINS))

    def _reading(self) -> Reading:
        return Reading(
            workdir=self._setting.workdir,
            caller_directory=self._setting.caller_directory,
            environment=self._setting.request.environment,
        )

    def _origins(self, manifest: Manifest) -> Iterator[tuple[str, Origin]]:
        sources = self._merged.sources
        for key, value in leaves(msgspec.to_builtins(manifest, builtin_types=())):
            if value is None:
                continue
            source = sources.get(_MODEL_NAME if key == _REF else key)
            if source is None:
                yield dotted(key), Origin(layer="built-in")
            else:
                yield dotted(key), source.origin(key)


def file_refusal(path: str) -> str | None:
    """Return why nothing can be read from `path`; None: it is a file like any other."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            return f"{path} is not a regular file"
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"


def _without_waiting(path: str, flags: int) -> int:
    """Open `path`; a pipe that nobody writes to must not hold us up."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
