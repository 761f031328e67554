"""Which key goes to which host.

The rule of this file: a vendor's variable is sent to that vendor's host only, and only
over TLS. Everything else goes where the manifest's `auth` says, or nowhere.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never
from urllib.parse import SplitResult, urlsplit

from podd.errors import ManifestError, MissingKeyError
from podd.providers.settings import (
    KeyFromEnvironment,
    KeyFromFile,
    ModelSettings,
    NoKey,
    VendorKey,
)


class Key:
    """A secret that does not show itself."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the value, for the one header that carries it and for redaction."""
        return self._value

    def __repr__(self) -> str:
        return "Key(hidden)"


@dataclass(frozen=True, slots=True)
class Vendor:
    """Whose API it is, and where it lives when nobody says otherwise."""

    base_url: str
    """Empty: everybody has an address of their own, which must be said."""
    host: str
    """Its subdomains (regions) count too. Empty: it has none of its own."""
    variables: tuple[str, ...]
    """The first that is set holds the key. None for a server of one's own."""
    more_hosts: tuple[str, ...] = ()
    """Where the vendor answers besides; their subdomains count too."""
    example: str = ""
    """What a base URL looks like, where there is none for all."""

    def owns(self, address: SplitResult) -> bool:
        """Whether the vendor's key may be sent there."""
        host = address.hostname or ""
        hosts = filter(None, (self.host, *self.more_hosts))
        return address.scheme == "https" and any(
            host == own or host.endswith(f".{own}") for own in hosts
        )


def address_of(settings: ModelSettings, vendor: Vendor) -> SplitResult:
    """Split the base URL, the vendor's if the settings give none.

    Raises:
        ManifestError: it is no http or https URL with a host, or there is none.
    """
    url = settings.base_url or vendor.base_url
    if not url:
        raise ManifestError(
            path="manifest",
            key="model.base_url",
            reason=f"missing; {settings.provider} has no address for all",
            hint=f"set it to yours, such as {vendor.example}",
        )
    try:
        address = urlsplit(url)
        # A port that is no number is noticed only when asked for.
        is_usable = address.port != 0 and bool(address.hostname)
    except ValueError:
        is_usable = False
        address = urlsplit("")
    if not is_usable or address.scheme not in {"http", "https"}:
        raise ManifestError(
            path="manifest",
            key="model.base_url",
            reason="not an http or https URL with a host",
            hint=(
                f"the default is {vendor.base_url}"
                if vendor.base_url
                else f"it looks like {vendor.example}"
            ),
        )
    return address


def is_loopback(host: str) -> bool:
    """Whether the host can only be this machine, without asking a resolver."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def find_key(
    settings: ModelSettings, vendor: Vendor, environment: Mapping[str, str]
) -> Key | None:
    """Find the key to send; None where none is sent.

    Raises:
        MissingKeyError: one is needed, and is not there or cannot be one.
        ManifestError: the base URL is not one.
    """
    match settings.auth:
        case NoKey():
            return None
        case KeyFromEnvironment(variable):
            return _from_environment(settings, (variable,), environment)
        case KeyFromFile(path):
            return _from_file(settings, path)
        case VendorKey():
            address = address_of(settings, vendor)
            host = address.hostname or ""
            if vendor.owns(address):
                return _from_environment(settings, vendor.variables, environment)
            if is_loopback(host):
                return None
            raise MissingKeyError(provider=settings.called, variables=(), host=host)
        case unknown:
            assert_never(unknown)


def _from_environment(
    settings: ModelSettings, variables: tuple[str, ...], environment: Mapping[str, str]
) -> Key:
    for variable in variables:
        if value := environment.get(variable, "").strip():
            if not _can_be_sent(value):
                raise MissingKeyError(
                    provider=settings.called,
                    variables=(variable,),
                    problem="unsendable",
                )
            return Key(value)
    raise MissingKeyError(provider=settings.called, variables=variables)


def _from_file(settings: ModelSettings, path: str) -> Key:
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        # Not chained: a decoding error quotes bytes of what may be the key.
        raise MissingKeyError(
            provider=settings.called, variables=(), file=path, problem="unreadable"
        ) from None
    if not value:
        raise MissingKeyError(provider=settings.called, variables=(), file=path)
    if not _can_be_sent(value):
        raise MissingKeyError(
            provider=settings.called, variables=(), file=path, problem="unsendable"
        )
    return Key(value)


def _can_be_sent(value: str) -> bool:
    # The HTTP library quotes a header value that it refuses, so refuse it first.
    return value.isascii() and value.isprintable() and " " not in value
