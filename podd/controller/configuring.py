"""`configure` on the wire: what is asked, and why it cannot be."""

from __future__ import annotations

from typing import Any

from podd.errors import (
    DeniedError,
    ManifestError,
    MissingKeyError,
    PoddError,
    TimedOutError,
)
from podd.manifest.configuring import Changes
from podd_protocol import replies as r
from podd_protocol import requests as q


def changes_of(request: q.Configure) -> Changes:
    """What a client wants otherwise."""
    return Changes(
        instruction=request.instruction,
        tools=None if request.tools is None else tuple(request.tools),
        model=request.model,
        limits=request.limits,
    )


def not_configured(number: int, error: PoddError) -> r.Failure:
    """Tell why nothing was changed."""
    data: dict[str, Any] = {"remedy": error.remedy} if error.remedy else {}
    if isinstance(error, ManifestError) and error.key:
        data["key"] = error.key
    if isinstance(error, MissingKeyError):
        data["variables"] = list(error.variables)
    return r.Failure(id=number, code=_code(error), message=str(error), data=data)


def _code(error: PoddError) -> r.FailureCode:
    match error:
        case DeniedError():
            return "denied"
        case MissingKeyError():
            return "provider"
        case TimedOutError():
            return "busy"
        case ManifestError(reason=reason) if reason.startswith("not_supported"):
            return "not_supported"
        case _:
            return "bad_field"
