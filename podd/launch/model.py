"""The manifest's `[model]` in the words of the providers room."""

from __future__ import annotations

import msgspec

from podd.manifest.schema import AuthSection, ModelSection
from podd.providers.settings import (
    Auth,
    KeyFromEnvironment,
    KeyFromFile,
    ModelSettings,
    NoKey,
    RetryLimits,
    Timeouts,
    VendorKey,
)


def model_settings(section: ModelSection) -> ModelSettings:
    """What a provider is built from."""
    return ModelSettings(
        provider=section.provider,
        name=section.name,
        base_url=section.base_url,
        auth=_auth(section.auth),
        script=section.script,
        timeouts=Timeouts(**msgspec.structs.asdict(section.timeouts)),
        # An answer that breaks off is the machine's to ask for again.
        retries=RetryLimits(
            attempts=section.retries.attempts,
            wait_seconds=section.retries.wait_seconds,
        ),
    )


def _auth(section: AuthSection | None) -> Auth:
    if section is None:
        return VendorKey()
    if section.env is not None:
        return KeyFromEnvironment(section.env)
    if section.file is not None:
        return KeyFromFile(section.file)
    return NoKey()
