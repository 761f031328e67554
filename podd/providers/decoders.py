"""How each provider's answers are read, apart from asking for any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podd.errors import ProviderError
from podd.providers.rejection import Rejection

if TYPE_CHECKING:
    from podd.providers.transport import AnswerDecoder


@dataclass(frozen=True, slots=True)
class Reading:
    """A provider's two ways of reading what a server says."""

    decoder: Callable[[int], AnswerDecoder]
    """Makes the decoder of one answer; takes the size of the request in bytes."""
    reject: Callable[[Rejection], ProviderError]
    """Reads an answer whose status is none of success."""


def reading_of(provider: str) -> Reading | None:
    """How answers of this provider are read; None: no server gives such."""
    match provider:
        case "openai_chat":
            from podd.providers.openai_chat import errors, stream

            return Reading(stream.ChatStream, errors.COMPLAINTS.from_rejection)
        case _:
            return None
