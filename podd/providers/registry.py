"""From a provider's name to the provider, importing only the one that is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from podd.errors import ManifestError, MissingKeyError
from podd.providers.ports import Ports
from podd.providers.provider import Provider
from podd.providers.settings import ModelSettings

if TYPE_CHECKING:
    from podd.providers.keys import Vendor

#: What `provider.py` of each folder holds; that of `scripted` is made otherwise.
_CLASSES: Final[Mapping[str, str]] = {
    "anthropic": "Anthropic",
    "azure_openai": "AzureOpenAI",
    "bedrock": "Bedrock",
    "cohere": "Cohere",
    "gemini": "Gemini",
    "openai_chat": "OpenAIChat",
    "openai_responses": "OpenAIResponses",
}


def build(
    settings: ModelSettings, *, environment: Mapping[str, str], ports: Ports
) -> Provider:
    """Make the provider that the settings name. Opens no connection yet.

    Raises:
        MissingKeyError: its key is not there.
        ManifestError: the base URL or the script is not one.
        NoSuchError: the script's file is not there.
    """
    if settings.provider == "scripted":
        from podd.providers.scripted.provider import Scripted

        return Scripted(settings, ports=ports)
    module = import_module(f"podd.providers.{settings.provider}.provider")
    make: Callable[..., Provider] = getattr(module, _CLASSES[settings.provider])
    return make(settings, environment=environment, ports=ports)


def vendor_of(settings: ModelSettings) -> Vendor | None:
    """Find whose key is sent; None where none is: requests to Bedrock are signed."""
    if settings.provider in {"scripted", "bedrock"}:
        return None
    # Each folder has this file, and it imports nothing heavy.
    endpoint = import_module(f"podd.providers.{settings.provider}.endpoint")
    vendor: Vendor = endpoint.VENDOR
    if settings.service is not None:
        from podd.providers.openai_chat import services

        return services.vendor_of(settings.service, vendor)
    return vendor


def missing_key(
    settings: ModelSettings, environment: Mapping[str, str]
) -> MissingKeyError | None:
    """Say which key a pod with these settings would lack, before it is started.

    Raises:
        ManifestError: the base URL is not one.
    """
    try:
        _secrets(settings, environment)
    except MissingKeyError as error:
        return error
    return None


def check_script(settings: ModelSettings) -> None:
    """Read a scripted model's file, so that a mistake in it is known at spawn.

    Raises:
        ManifestError: there is something wrong in it; names the file and the line.
        NoSuchError: it is not there.
    """
    if settings.provider == "scripted" and settings.script is not None:
        from podd.providers.scripted.loading import load

        load(settings.script)


def secrets(settings: ModelSettings, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Values that must not be journalled: the keys that `build` would load."""
    try:
        return _secrets(settings, environment)
    except (MissingKeyError, ManifestError):
        return ()


def _secrets(
    settings: ModelSettings, environment: Mapping[str, str]
) -> tuple[str, ...]:
    if settings.provider == "bedrock":
        from podd.providers.bedrock.access import find_access

        return find_access(settings, environment).secrets
    if (vendor := vendor_of(settings)) is None:
        return ()
    from podd.providers.keys import find_key

    key = find_key(settings, vendor, environment)
    return () if key is None else (key.reveal(),)
