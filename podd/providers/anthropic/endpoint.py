"""Where messages are asked for, and in which version of the API. Pure."""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult

from podd.providers.keys import Vendor

VENDOR: Final = Vendor(
    base_url="https://api.anthropic.com",
    host="api.anthropic.com",
    variables=("ANTHROPIC_API_KEY",),
)

#: The one that every server of this API knows, and that takes all of our options; see
#: https://platform.claude.com/docs/en/api/versioning
VERSION: Final = "2023-06-01"

_BASE: Final = "/v1"
_PATH: Final = "/v1/messages"


def url_of(address: SplitResult) -> str:
    """Complete a base URL as the vendor's own client does.

    A base that already ends in the path, or in the first part of it, is not given that
    part twice. A query stays.
    """
    path = address.path.rstrip("/")
    if not path.endswith(_PATH):
        path = path.removesuffix(_BASE) + _PATH
    return address._replace(path=path, fragment="").geturl()
