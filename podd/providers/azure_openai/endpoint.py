"""Where a deployment of Azure's is asked for chat completions. Pure.

https://learn.microsoft.com/azure/ai-foundry/openai/reference describes the classic
endpoint, which names the deployment in its path and needs a version, and
https://learn.microsoft.com/azure/ai-foundry/openai/latest the newer one, `/openai/v1`,
which reads the deployment from the body's `model` and needs none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qs, quote, urlencode

from podd.providers.keys import Vendor
from podd.providers.openai_chat.endpoint import TokenField

#: `AZURE_OPENAI_ENDPOINT` is not read: where a conversation goes is said by the
#: manifest, and stays the same when a pod is resumed from another shell.
VENDOR: Final = Vendor(
    base_url="",
    host="openai.azure.com",
    more_hosts=("services.ai.azure.com", "cognitiveservices.azure.com"),
    variables=("AZURE_OPENAI_API_KEY",),
    example="https://RESOURCE.openai.azure.com",
)

#: The last version of the classic endpoint that is no preview.
API_VERSION: Final = "2024-10-21"

_CHAT: Final = "/chat/completions"
_ROOT: Final = "/openai"
_V1: Final = "/openai/v1"
_DEPLOYMENT: Final = re.compile(r"/openai/deployments/[^/]+$")
#: `max_completion_tokens` came with the version 2024-09-01-preview, and o1 models
#: refuse the older name.
_RENAMED_SINCE: Final = "2024-09-01"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL, and what this version calls the output limit."""

    url: str
    token_field: TokenField


def endpoint_of(address: SplitResult, deployment: str, version: str | None) -> Endpoint:
    """Complete a base URL.

    Args:
        address: the resource's endpoint, with or without a path up to `/openai`, up to
            the deployment, or up to the operation itself; or one that ends in
            `/openai/v1`. A query stays.
        deployment: its name; ignored where the address names one.
        version: of the API; None: `API_VERSION`, and for `/openai/v1` none.
    """
    path = address.path.rstrip("/").removesuffix(_CHAT)
    query = parse_qs(address.query, keep_blank_values=True)
    if path.endswith(_V1):
        if version is not None:
            query.setdefault("api-version", [version])
    else:
        if not _DEPLOYMENT.search(path):
            root = path if path.endswith(_ROOT) else path + _ROOT
            path = f"{root}/deployments/{quote(deployment, safe='')}"
        query.setdefault("api-version", [version or API_VERSION])
    asked = query.get("api-version", [_RENAMED_SINCE])[0]
    is_old = asked[:1].isdigit() and asked < _RENAMED_SINCE
    return Endpoint(
        url=address._replace(
            path=path + _CHAT, query=urlencode(query, doseq=True), fragment=""
        ).geturl(),
        token_field="max_tokens" if is_old else "max_completion_tokens",
    )
