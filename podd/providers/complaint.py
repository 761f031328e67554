"""What a server complains of, in whichever of the common shapes. Pure.

Three are common: `{"error": {"message", "type", "code"}}`, `{"message"}` or
`{"detail"}` at the top, and a page of some proxy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from podd.errors import ProviderError, ProviderFault
from podd.providers.presentation import is_page, page_summary
from podd.providers.rejection import (
    Rejection,
    fault_of_status,
    is_final,
    limit_reset_seconds,
    retry_after_seconds,
)

#: Faults that say more than the status they come with.
_DECISIVE: Final[frozenset[ProviderFault]] = frozenset(
    {"quota", "context_overflow", "content_filter"}
)
#: Servers that have no code for it say it in one of these ways.
_OVERFLOW_WORDS: Final = re.compile(
    r"context (length|window|size|limit)|maximum context|(prompt|input) is too long"
    r"|too many (total |input )?tokens|reduce the length|max_model_len"
    r"|exceeds the maximum number of tokens|exceeds the available context",
    re.IGNORECASE,
)
#: With other statuses the same words mean other things (tokens per minute, say).
_OVERFLOW_STATUSES: Final = frozenset({None, 400, 413, 422, 500})
_FAILING: Final = range(300, 600)
_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class Complaint:
    """A server's words."""

    message: str
    words: tuple[str, ...] = ()
    """Its code, type and status, in lower case, the more telling first."""
    status: int | None = None


class Complaints:
    """One provider's refusals, read."""

    def __init__(
        self,
        provider: str,
        faults: Mapping[str, ProviderFault],
        phrases: Mapping[str, ProviderFault] | None = None,
        *,
        decisive: frozenset[ProviderFault] = _DECISIVE,
    ) -> None:
        """Know a provider's words.

        Args:
            provider: its name.
            faults: what its codes and types mean, in lower case.
            phrases: what is only told in its messages, in lower case too; they say more
                than codes and status.
            decisive: faults that, where a word names them, say more than the status.
        """
        self.provider: Final = provider
        self._faults = faults
        self._phrases = phrases or {}
        self._decisive = decisive

    def from_rejection(self, rejection: Rejection) -> ProviderError:
        """Read an HTTP answer that is no success."""
        complaint = complaint_of(rejection.body)
        status = rejection.status
        message = complaint.message
        if rejection.is_redirect:
            target = rejection.headers.get("location", "elsewhere")
            message = (
                f"redirected to {target}; set model.base_url to where it really is"
            )
        return ProviderError(
            fault=self._fault(status, complaint),
            message=f"HTTP {status}: {message}" if message else f"HTTP {status}",
            provider=self.provider,
            status=status,
            retry_after_seconds=_wait(rejection),
            is_final=is_final(rejection.headers),
        )

    def from_document(self, data: bytes) -> ProviderError:
        """Read an error that came in place of an answer, or in the middle of one."""
        complaint = complaint_of(data)
        return ProviderError(
            fault=self._fault(complaint.status, complaint),
            message=complaint.message or "an error without a message",
            provider=self.provider,
            status=complaint.status,
        )

    def failed(self, fault: ProviderFault, message: str) -> ProviderError:
        """Name a fault that we found ourselves."""
        return ProviderError(fault=fault, message=message, provider=self.provider)

    def _fault(self, status: int | None, complaint: Complaint) -> ProviderFault:
        said = complaint.message.lower()
        if told := next((f for p, f in self._phrases.items() if p in said), None):
            return told
        faults = self._faults
        named = next((faults[w] for w in complaint.words if w in faults), None)
        if named in self._decisive:
            return named
        if status in _OVERFLOW_STATUSES and _OVERFLOW_WORDS.search(complaint.message):
            return "context_overflow"
        if status is not None:
            return fault_of_status(status)
        return named or "server_error"


def _wait(rejection: Rejection) -> float | None:
    """How long the server wants to be left alone, in whichever way it says so."""
    headers, at = rejection.headers, rejection.at
    asked = retry_after_seconds(headers, at)
    if asked is None and rejection.status == _TOO_MANY:
        return limit_reset_seconds(headers, at)
    return asked


def complaint_of(body: bytes) -> Complaint:
    """Read a body."""
    if is_page(body):
        return Complaint(page_summary(body))
    try:
        document: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Complaint(body.decode("utf-8", "replace").strip())
    if isinstance(document, list) and document:
        document = document[0]  # Google's servers send a list of one
    if not isinstance(document, dict):
        return Complaint(str(document))
    return _of_document(document)


def _of_document(document: dict[str, Any]) -> Complaint:
    error = document.get("error") or document
    if not isinstance(error, dict):
        return Complaint(str(error))
    message = error.get("message") or error.get("detail") or ""
    if not isinstance(message, str):
        message = msgspec.json.encode(message).decode()
    details = error.get("details")
    code = details.get("error_code") if isinstance(details, dict) else None
    words = [code, error.get("code"), error.get("type"), error.get("status")]
    status = next((s for w in words if (s := _status(w)) is not None), None)
    return Complaint(
        message or msgspec.json.encode(error).decode(),
        tuple(word.lower() for word in words if isinstance(word, str)),
        status,
    )


def _status(word: Any) -> int | None:  # noqa: ANN401  # read from a foreign document
    """Read an HTTP status that stands where others put a word."""
    if isinstance(word, str) and word.isdecimal():
        word = int(word)
    return word if isinstance(word, int) and word in _FAILING else None
