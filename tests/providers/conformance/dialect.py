"""What the suite asks of each vendor's side: to answer, to refuse, and to understand.

A dialect is the server's half of a provider, written from the vendor's documentation
and not from our mapping: it says a neutral answer in the vendor's words, and reads a
request back into neutral ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from podd.core.context.conversation import ModelPart
from podd.core.context.request import ToolChoice, ToolSpec
from podd.core.context.response import StopReason
from podd.errors import ProviderFault
from podd.providers.capabilities import Capability
from podd.providers.settings import ModelSettings
from podd.providers.transport import AnswerDecoder
from podd.testing.provider_server import ProviderServer, Received, Reply
from podd_protocol.values import Usage

#: All counts differ, so that none is taken for another.
USAGE = Usage(
    input_tokens=100,
    output_tokens=40,
    cache_read_tokens=2000,
    cache_write_tokens=300,
    reasoning_tokens=7,
    requests=1,
)

Counted = Literal["cache_read", "cache_write", "reasoning"]


@dataclass(frozen=True)
class Said:
    """What the server answers.

    Attributes:
        parts: in order; a `ToolCallPart.provider_call` is the server's id of the call,
            and `ReasoningPart.replay` what it wants to see again.
        stop: why it stops.
        usage: as we count; the dialect tells of it as the vendor counts.
    """

    parts: tuple[ModelPart, ...]
    stop: StopReason = "stop"
    usage: Usage = USAGE


@dataclass
class Asked:
    """What the server understood of a request.

    Attributes:
        items: flat, so that nothing depends on how messages are cut. One of
            ("user", "text", TEXT), ("user", "image", MEDIA_TYPE, BASE64),
            ("user", "image_url", URL), ("user", "document", MEDIA_TYPE, BASE64),
            ("model", "text", TEXT), ("model", "reasoning", TEXT, REPLAY),
            ("model", "call", ID, NAME, ARGUMENTS as an object),
            ("result", ID, TEXT), ("result_image", ID, MEDIA_TYPE, BASE64).
            Where the vendor has no ids of calls, the call's name stands for ID.
    """

    model: str
    system: str
    items: list[tuple[Any, ...]]
    stream: bool
    tools: list[ToolSpec] = field(default_factory=list)
    choice: ToolChoice = "auto"
    options: dict[str, Any] = field(default_factory=dict)
    """By the names of `Sampling`; only what was sent."""


class Dialect(Protocol):
    """One vendor's side."""

    name: str
    """Of the provider."""
    capabilities: frozenset[Capability]
    """As the provider names them."""
    stops: frozenset[StopReason]
    """Those that this API can tell in an answer."""
    counts: frozenset[Counted]
    """Those that this API tells, besides input and output."""
    replays: bool
    """Whether thoughts go back."""
    has_ids: bool
    """Whether the API has ids of calls."""

    def settings(self, server: ProviderServer, *, stream: bool = True) -> ModelSettings:
        """Point the provider at the server."""
        ...

    def environment(self) -> Mapping[str, str]:
        """Keys, where the provider wants some."""
        ...

    def decoder(self) -> AnswerDecoder:
        """A fresh decoder of a stream."""
        ...

    def pieces(self, said: Said) -> Sequence[bytes]:
        """The body of a streamed answer, an event a piece, text in several events."""
        ...

    def whole(self, said: Said) -> bytes:
        """The body of an answer in one piece."""
        ...

    def strange(self) -> Sequence[bytes]:
        """Events that nobody knows yet, a keep-alive, and the like: to be ignored."""
        ...

    def failing(self) -> Sequence[bytes]:
        """The end of a stream that breaks: an error in place of its next event."""
        ...

    def refusal(self, fault: ProviderFault) -> Reply | None:
        """How this vendor refuses for that reason; None: it has no such answer."""
        ...

    def reply(self, said: Said, *, stream: bool = True) -> Reply:
        """That answer over HTTP."""
        ...

    def read(self, received: Received) -> Asked:
        """Understand a request."""
        ...
