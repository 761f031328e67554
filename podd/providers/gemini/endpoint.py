"""Where Gemini is asked, and how the key is shown there. Pure.

A base URL means what it means to google-genai: the part before the version. It may
also be a place on Vertex AI, a URL that names a project:
`https://LOCATION-aiplatform.googleapis.com/v1/projects/P/locations/L`, with or without
`/publishers/google`. There the key is an access token, sent as such.

https://ai.google.dev/api/generate-content
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import SplitResult, quote

from podd.providers.keys import Key, Vendor

VENDOR: Final = Vendor(
    base_url="https://generativelanguage.googleapis.com",
    host="generativelanguage.googleapis.com",
    variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
)

#: The version that has every model; aliases and previews are not in `v1`.
_VERSION: Final = "v1beta"
#: What google-genai asks Vertex AI for.
_VERTEX_VERSION: Final = "v1beta1"
_IS_VERSION: Final = re.compile(r"v\d+((alpha|beta)\d*)?")

_PUBLISHER: Final = "/publishers/google"
#: Names that say already where the model is to be found.
_PLACES: Final = ("models/", "tunedModels/", "publishers/", "endpoints/")

Credential = Literal["key", "token"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place where models are asked."""

    address: SplitResult
    """Up to what is followed by the model."""
    credential: Credential
    """key: an API key; token: an access token of Google Cloud."""

    def url(self, model: str, *, stream: bool) -> str:
        """Name the method of a model; streamed answers come as events."""
        if not model.startswith(_PLACES):
            publisher = _PUBLISHER if self.credential == "token" else ""
            if self.address.path.endswith(_PUBLISHER):
                publisher = ""
            model = f"{publisher}/models/{model}"
        method = "streamGenerateContent" if stream else "generateContent"
        path = f"{self.address.path}/{quote(model.lstrip('/'))}:{method}"
        query = self.address.query
        if stream:
            query = f"{query}&alt=sse" if query else "alt=sse"
        return self.address._replace(path=path, query=query, fragment="").geturl()

    def authorization(self, key: Key | None) -> dict[str, str]:
        """Give the header that carries the key; it never stands in the URL."""
        if key is None:
            return {}
        if self.credential == "token":
            return {"authorization": f"Bearer {key.reveal()}"}
        return {"x-goog-api-key": key.reveal()}


def endpoint_of(address: SplitResult, version: str | None = None) -> Endpoint:
    """Complete a base URL.

    Args:
        address: the base URL.
        version: of the API; None: the usual one, or the one that the URL names.
    """
    parts = [part for part in address.path.split("/") if part]
    if "projects" in parts:
        at = parts.index("projects")
        if not (at and _IS_VERSION.fullmatch(parts[at - 1])):
            parts.insert(at, version or _VERTEX_VERSION)
        credential: Credential = "token"
    else:
        named = parts[-1] if parts and _IS_VERSION.fullmatch(parts[-1]) else None
        if named is None or version not in {None, named}:
            parts.append(version or _VERSION)
        credential = "key"
    path = "".join(f"/{part}" for part in parts)
    return Endpoint(address._replace(path=path), credential)
