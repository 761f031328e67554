"""What every decoder of server-sent events does, whatever the events say. Pure.

A provider's `stream.py` says what an event means and when an answer is whole. That a
body may be one document or a page, that its last event may lack its blank line, and
that an answer without an end is none, is the same everywhere and stands here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from podd.core.context.response import ModelDelta, ModelResponse
from podd.providers.answer_body import AnswerBody, OversizedBodyError, is_json
from podd.providers.answer_parts import AnswerParts
from podd.providers.complaint import Complaints
from podd.providers.sse import OversizedEventError, ServerEvent

#: How OpenAI's servers, and many that are not, end a stream.
DONE: Final = b"[DONE]"


class EventAnswer(ABC):
    """Bytes in, deltas out; at the end one response. An `AnswerDecoder`."""

    def __init__(self, complaints: Complaints, sent_bytes: int, marker: str) -> None:
        """Start on an answer.

        Args:
            complaints: whose errors are raised.
            sent_bytes: the request's size, for servers that do not count.
            marker: what an answer ends with, in a few words, for the error.
        """
        self._complaints = complaints
        self._sent_bytes = sent_bytes
        self._marker = marker
        self._body = AnswerBody()
        self._parts = AnswerParts(complaints.provider)

    @property
    @abstractmethod
    def is_whole(self) -> bool:
        """See `AnswerDecoder`."""

    @property
    @abstractmethod
    def is_over(self) -> bool:
        """See `AnswerDecoder`."""

    @abstractmethod
    def _take(self, event: ServerEvent, deltas: list[ModelDelta]) -> None:
        """Understand an event; what it adds goes to `deltas`."""

    @abstractmethod
    def _take_document(self, data: bytes) -> None:
        """Understand an answer that came in one piece."""

    @abstractmethod
    def _response(self) -> ModelResponse:
        """Give the answer, which is whole."""

    def feed(self, chunk: bytes) -> list[ModelDelta]:
        """Take more bytes.

        Raises:
            ProviderError: they hold an error, or no answer.
        """
        try:
            events = self._body.feed(chunk)
        except (OversizedBodyError, OversizedEventError) as error:
            raise self._complaints.failed("malformed", str(error)) from error
        deltas: list[ModelDelta] = []
        for event in events:
            if not self.is_over:
                self._take(event, deltas)
        return deltas

    def finish(self) -> ModelResponse:
        """Give the whole answer.

        Raises:
            ProviderError: it was cut, is empty, or is none.
        """
        match self._body.shape:
            case "page":
                words = f"{self._body.page()} where an answer was expected"
                raise self._complaints.failed("malformed", words)
            case "document":
                self._take_document(self._body.document())
            case "events":
                self._take_rest()
            case "unknown":
                pass
        if not self.is_whole:
            self._refuse_cut()
        return self._response()

    def _take_rest(self) -> None:
        """Take an event that only lacks its blank line."""
        if self.is_over:
            return
        for event in self._body.rest():
            if is_json(event.data) or event.data.strip() == DONE:
                self._take(event, [])
            elif not self.is_whole:
                words = "the answer ended in the middle of an event"
                raise self._complaints.failed("cut", words)

    def _refuse_cut(self) -> None:
        """Refuse an answer that is not whole."""
        raise self._complaints.failed("cut", f"the answer ended without {self._marker}")
