"""Where responses are asked for, and what differs from host to host. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult

from podd.providers.keys import Vendor

VENDOR: Final = Vendor(
    base_url="https://api.openai.com/v1",
    host="api.openai.com",
    variables=("OPENAI_API_KEY",),
)

_PATH: Final = "/responses"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL, and what its host understands."""

    url: str
    takes_cache_key: bool
    """Whether `prompt_cache_key` is sent: it saves money at the vendor's own host, and
    other servers may refuse a field that they do not know."""


def endpoint_of(address: SplitResult) -> Endpoint:
    """Complete a base URL as the vendor's own client does.

    A base that already ends in the path is used as it is. A query stays.
    """
    path = address.path.rstrip("/")
    if not path.endswith(_PATH):
        path += _PATH
    host = address.hostname or ""
    return Endpoint(
        url=address._replace(path=path, fragment="").geturl(),
        takes_cache_key=host == VENDOR.host or host.endswith(f".{VENDOR.host}"),
    )
