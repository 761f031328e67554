"""A script's failures, as a server's would be read. Pure."""

from __future__ import annotations

from typing import Final

from podd.errors import ProviderError
from podd.providers.rejection import fault_of_status
from podd.providers.scripted.script import Fail, Script

PROVIDER: Final = "scripted"


def from_fail(fail: Fail, script: Script, number: int) -> ProviderError:
    """Raise what step `number` (from 1) says."""
    fault = fail.fault or fault_of_status(fail.status or 500)
    said = f"HTTP {fail.status}" if fail.status is not None else fault
    return ProviderError(
        fault=fault,
        message=f"{said}, as {_place(script, number)} says",
        provider=PROVIDER,
        status=fail.status,
        retry_after_seconds=fail.retry_after_seconds,
    )


def exhausted(script: Script) -> ProviderError:
    """Say that no step is left that fits."""
    return ProviderError(
        fault="script_exhausted",
        message=f"{script.path}: no step is left that fits the last input",
        provider=PROVIDER,
    )


def without_result(script: Script, number: int, label: str) -> ProviderError:
    """Say that a step quotes a call that has not been answered yet."""
    return ProviderError(
        fault="bad_request",
        message=f"{_place(script, number)} quotes {label!r}, which has no result yet",
        provider=PROVIDER,
    )


def _place(script: Script, number: int) -> str:
    line = script.lines[number - 1]
    return f"{script.path}:{line}" if line else f"{script.path}, step {number}"
