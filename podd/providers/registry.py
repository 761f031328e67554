"""From a provider's name to the provider, importing only the one that is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, assert_never

from podd.errors import MissingKeyError
from podd.providers.ports import Ports
from podd.providers.provider import Provider
from podd.providers.settings import ModelSettings

if TYPE_CHECKING:
    from podd.providers.keys import Vendor


def build(
    settings: ModelSettings, *, environment: Mapping[str, str], ports: Ports
) -> Provider:
    """Make the provider that the settings name. Opens no connection yet.

    Raises:
        MissingKeyError: its key is not there.
        ManifestError: the base URL or the script is not one.
        NoSuchError: the script's file is not there.
    """
    match settings.provider:
        case "openai_chat":
            from podd.providers.openai_chat.provider import OpenAIChat

            return OpenAIChat(settings, environment=environment, ports=ports)
        case "scripted":
            from podd.providers.scripted.provider import Scripted

            return Scripted(settings, ports=ports)
        case unknown:
            assert_never(unknown)


def missing_key(
    settings: ModelSettings, environment: Mapping[str, str]
) -> MissingKeyError | None:
    """Say which key a pod with these settings would lack, before it is started.

    Raises:
        ManifestError: the base URL is not one.
    """
    if settings.provider == "scripted":
        return None
    from podd.providers.keys import find_key

    try:
        find_key(settings, _vendor(settings), environment)
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
    if settings.provider == "scripted":
        return ()
    from podd.providers.keys import find_key

    try:
        key = find_key(settings, _vendor(settings), environment)
    except MissingKeyError:
        return ()
    return () if key is None else (key.reveal(),)


def _vendor(settings: ModelSettings) -> Vendor:
    from podd.providers.openai_chat.endpoint import VENDOR
    from podd.providers.openai_chat.services import vendor_of

    return vendor_of(settings.service, VENDOR)
