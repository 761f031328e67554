"""The form in which a resolved manifest stands in a journal.

A restored session has its manifest from here alone: no file is read, and a manifest
that was edited or removed meanwhile changes nothing. Fields that a later podd added
are ignored; fields that this one added have defaults.
"""

from __future__ import annotations

from typing import Any

import msgspec

from podd.core.permission import PermissionSet
from podd.core.scope.rules import Scope
from podd.errors import ManifestError
from podd.manifest.catalogue.facts import ModelFacts
from podd.manifest.resolved import Origin, Resolved
from podd.manifest.schema import Manifest, ModelSection


def to_document(resolved: Resolved) -> dict[str, Any]:
    """Return plain JSON values.

    No secret is in them: a manifest names the variable or the file that holds a key,
    and a URL with credentials is refused when it is loaded.
    """
    return {
        "manifest": _plain(resolved.manifest),
        "scope": _plain(resolved.scope),
        "origins": {
            key: {"layer": origin.layer, "path": origin.path, "line": origin.line}
            for key, origin in resolved.origins.items()
        },
        "file": resolved.file,
        "project_prompts": resolved.project_prompts,
        "lenders_permissions": _plain(resolved.lenders_permissions),
        "lenders_write": list(resolved.lenders_write),
        "task_instruction": resolved.task_instruction,
        "output_schema": resolved.output_schema,
        "facts": _plain(resolved.facts),
        "other_models": {
            provider: _plain(model) for provider, model in resolved.other_models.items()
        },
        "given": None if resolved.given is None else _plain(resolved.given),
    }


def from_document(document: dict[str, Any]) -> Resolved:
    """Return what `to_document` was given, without its warnings.

    Raises:
        ManifestError: the document is none of ours; `path` is `journal`.
    """
    try:
        return Resolved(
            manifest=msgspec.convert(document["manifest"], Manifest),
            scope=msgspec.convert(document["scope"], Scope),
            origins=msgspec.convert(document.get("origins", {}), dict[str, Origin]),
            file=document.get("file"),
            project_prompts=document.get("project_prompts"),
            lenders_permissions=msgspec.convert(
                document.get("lenders_permissions", ()), tuple[PermissionSet, ...]
            ),
            lenders_write=tuple(document.get("lenders_write", ())),
            task_instruction=document.get("task_instruction"),
            output_schema=document.get("output_schema"),
            facts=msgspec.convert(document.get("facts", {}), ModelFacts),
            other_models=msgspec.convert(
                document.get("other_models", {}), dict[str, ModelSection]
            ),
            given=msgspec.convert(document.get("given"), Manifest | None),
        )
    except KeyError as error:
        raise ManifestError(
            path="journal", key=str(error.args[0]), reason="is missing"
        ) from error
    except msgspec.ValidationError as error:
        raise ManifestError(path="journal", reason=str(error)) from error


def _plain(value: msgspec.Struct | tuple[PermissionSet, ...]) -> Any:  # noqa: ANN401  # JSON values
    # By way of JSON: to_builtins keeps tuples, which a journal read back does not have.
    return msgspec.json.decode(msgspec.json.encode(value))
