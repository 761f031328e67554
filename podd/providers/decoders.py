"""How each provider's answers are read, apart from asking for any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from podd.errors import ProviderError
from podd.providers.rejection import Rejection

if TYPE_CHECKING:
    from podd.providers.complaint import Complaints
    from podd.providers.transport import AnswerDecoder


@dataclass(frozen=True, slots=True)
class Reading:
    """A provider's two ways of reading what a server says."""

    decoder: Callable[[int], AnswerDecoder]
    """Makes the decoder of one answer; takes the size of the request in bytes."""
    reject: Callable[[Rejection], ProviderError]
    """Reads an answer whose status is none of success."""


#: What `stream.py` of each folder holds.
_DECODERS: Final[Mapping[str, str]] = {
    "anthropic": "MessageStream",
    "azure_openai": "AzureStream",
    "bedrock": "ConverseAnswer",
    "cohere": "CohereStream",
    "gemini": "GeminiStream",
    "openai_chat": "ChatStream",
    "openai_responses": "ResponsesStream",
}


def reading_of(provider: str) -> Reading | None:
    """How answers of this provider are read; None: no server gives such."""
    if (name := _DECODERS.get(provider)) is None:
        return None
    folder = f"podd.providers.{provider}"
    decoder: Callable[[int], AnswerDecoder] = getattr(
        import_module(f"{folder}.stream"), name
    )
    complaints: Complaints = import_module(f"{folder}.errors").COMPLAINTS
    return Reading(decoder, complaints.from_rejection)
