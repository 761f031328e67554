"""Two requests, field by field, and the differences that are as they should be.

A field is named by its way from the top: `path`, `query.api-version`,
`headers.content-type`, `body.messages.0.content`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from sdk_capture import Captured

#: Stands for a field that is not there.
ABSENT = "(absent)"


@dataclass(frozen=True)
class Listed:
    """A difference that is meant.

    Attributes:
        field: a pattern of names, with `*`.
        reason: why it may be.
        provider: a pattern too.
        case: a pattern too.
    """

    field: str
    reason: str
    provider: str = "*"
    case: str = "*"

    def covers(self, provider: str, case: str, field: str) -> bool:
        return (
            fnmatchcase(provider, self.provider)
            and fnmatchcase(case, self.case)
            and fnmatchcase(field, self.field)
        )


#: All there are. Everything else has to be equal.
LISTED = (
    Listed("headers.host", "the same server"),
    Listed("headers.content-length", "spaces in JSON, and what is listed below"),
    Listed("headers.connection", "connections are kept open without being told"),
    Listed("headers.user-agent", "each says who it is"),
    Listed("headers.accept", "each says what it reads; servers go by `stream`"),
    Listed("headers.accept-encoding", "a compressed stream comes in blocks"),
    Listed("headers.x-stainless-*", "the SDK tells about itself"),
    Listed("headers.x-fern-*", "the SDK tells about itself"),
    Listed("headers.x-client-name", "the SDK tells about itself"),
    Listed("headers.x-goog-api-client", "the SDK tells about itself"),
    Listed("headers.amz-sdk-*", "the SDK tells about itself and its retries"),
    Listed("headers.x-amzn-*", "the SDK tells about itself"),
    Listed("headers.x-amz-date", "the time of the signature"),
    Listed(
        "headers.anthropic-version",
        "the SDK asks for the newest version, which takes no temperature, top_p and"
        " top_k; we for the one that takes all and that other servers know too",
        provider="anthropic",
    ),
    Listed(
        "headers.authorization",
        "the key goes in x-api-key, as it does in every version of the API",
        provider="anthropic",
    ),
    Listed("headers.x-api-key", "as above", provider="anthropic"),
    Listed(
        "body.*.cache_control.type",
        "marks for the cache, which a caller of the SDK sets by hand",
        provider="anthropic",
    ),
    Listed(
        "body.messages.*.text",
        "Converse cannot be told that tools are not to be used, so the model is",
        provider="bedrock",
        case="tools_unused",
    ),
)


#: Their bodies are Protocol Buffers in JSON, where `parameters_json_schema` and
#: `parametersJsonSchema` are one field (https://protobuf.dev/programming-guides/json/).
#: This SDK writes some in the one way and some in the other.
PROTOBUF = ("gemini",)


@dataclass(frozen=True)
class Difference:
    """One field that is not the same."""

    field: str
    sdk: Any
    ours: Any

    def __str__(self) -> str:
        return f"{self.field}: the SDK sends {self.sdk!r}, we send {self.ours!r}"


def differences(provider: str, sdk: Captured, ours: Captured) -> list[Difference]:
    """Give all fields in which the two are not the same, in their order."""
    theirs, mine = dict(_fields(sdk)), dict(_fields(ours))
    if provider in PROTOBUF:
        theirs, mine = _in_json_names(theirs), _in_json_names(mine)
    return [
        Difference(field, theirs.get(field, ABSENT), mine.get(field, ABSENT))
        for field in dict.fromkeys([*theirs, *mine])
        if theirs.get(field, ABSENT) != mine.get(field, ABSENT)
    ]


def listed(provider: str, case: str, difference: Difference) -> Listed | None:
    """Find what allows a difference."""
    return next(
        (one for one in LISTED if one.covers(provider, case, difference.field)), None
    )


def _fields(request: Captured) -> Iterator[tuple[str, Any]]:
    yield "method", request.method
    yield "path", request.path
    for name, value in request.query:
        yield f"query.{name}", value
    for name, value in sorted(request.headers.items()):
        yield f"headers.{name}", _timeless(value) if name == "authorization" else value
    yield from _flat("body", request.body)


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # JSON
    """Name what a value is made of; empty objects and lists are values."""
    match value:
        case dict() if value:
            for key, inner in value.items():
                yield from _flat(f"{name}.{key}", inner)
        case list() if value:
            for index, inner in enumerate(value):
                yield from _flat(f"{name}.{index}", inner)
        case bool():
            # Else it would be equal to 1 or 0.
            yield name, str(value).lower()
        case _:
            yield name, value


def _in_json_names(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        re.sub(r"_([a-z])", lambda found: found[1].upper(), name)
        if name.startswith("body.")
        else name: value
        for name, value in fields.items()
    }


def _timeless(authorization: str) -> str:
    """Leave a signature's time, and what follows from it, aside."""
    dated = re.sub(r"(Credential=[^/]+)/\d{8}/", r"\1/DATE/", authorization)
    return re.sub(r"Signature=[0-9a-f]+", "Signature=...", dated)
