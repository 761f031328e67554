"""Where chat completions are asked for, and what differs from host to host. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import SplitResult

from podd.providers.keys import Vendor
from podd.providers.openai_chat.quirks import PLAIN, Affinity, Quirks

VENDOR: Final = Vendor(
    base_url="https://api.openai.com/v1",
    host="api.openai.com",
    variables=("OPENAI_API_KEY",),
)

_PATH: Final = "/chat/completions"

TokenField = Literal["max_completion_tokens", "max_tokens"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL, and what its host calls the output limit."""

    url: str
    token_field: TokenField
    """OpenAI's newer models refuse the old name; most other servers know no other."""
    quirks: Quirks = PLAIN


#: https://developers.openai.com/api/docs/guides/prompt-caching
_OWN_QUIRKS: Final = Quirks(affinity=Affinity("field", "prompt_cache_key"))


def endpoint_of(address: SplitResult) -> Endpoint:
    """Complete a base URL as the vendor's own client does.

    A base that already ends in the path is used as it is. A query stays.
    """
    host = address.hostname or ""
    own = host == VENDOR.host or host.endswith(f".{VENDOR.host}")
    return Endpoint(
        url=url_of(address),
        token_field="max_completion_tokens" if own else "max_tokens",
        quirks=_OWN_QUIRKS if own else PLAIN,
    )


def url_of(address: SplitResult) -> str:
    """Where the request goes, with a base URL at `address`."""
    path = address.path.rstrip("/")
    if not path.endswith(_PATH):
        path += _PATH
    return address._replace(path=path, fragment="").geturl()
