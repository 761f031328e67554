"""Where Cohere's chat is asked for. Pure."""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult

from podd.providers.keys import Vendor

VENDOR: Final = Vendor(
    base_url="https://api.cohere.com",
    host="api.cohere.com",
    # The vendor's own client looks at the second one first; the order is that of
    # podd's documentation, where the longer name, which says whose it is, leads.
    variables=("COHERE_API_KEY", "CO_API_KEY"),
)

_PATH: Final = "/v2/chat"


def url_of(address: SplitResult) -> str:
    """Complete a base URL as the vendor's own client does.

    A base that already ends in the path is used as it is. A query stays.
    """
    path = address.path.rstrip("/")
    if not path.endswith(_PATH):
        path += _PATH
    return address._replace(path=path, fragment="").geturl()
