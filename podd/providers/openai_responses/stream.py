"""A response's stream, from bytes in any split. Pure.

An answer is whole when `response.completed` or `response.incomplete` was seen; without
either it was cut. Events are described at
https://platform.openai.com/docs/api-reference/responses-streaming.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

import msgspec

from podd.core.context.response import ModelDelta, ModelResponse, StopReason
from podd.errors import ProviderError
from podd.providers.answer_body import AnswerBody, OversizedBodyError, is_json
from podd.providers.answer_parts import AnswerParts
from podd.providers.counts import Counts
from podd.providers.openai_responses import consumption
from podd.providers.openai_responses.errors import COMPLAINTS, PROVIDER
from podd.providers.openai_responses.events import (
    EndEvent,
    Event,
    Head,
    ItemEvent,
    Response,
    string,
)
from podd.providers.openai_responses.items import OpenItems, PartKey, PartKind
from podd.providers.sse import OversizedEventError, ServerEvent

#: What `incomplete_details.reason` says.
_STOPS: Final[Mapping[str, StopReason]] = {
    "max_output_tokens": "output_limit",
    "max_tokens": "output_limit",
    "content_filter": "content_filter",
}
#: Events that end a stream, and the status of the response that they hold.
_ENDS: Final[Mapping[str, str]] = {
    "response.completed": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
}
#: A whole document that says one of these has no answer in it.
_UNFINISHED: Final = frozenset({"in_progress", "queued", "cancelled"})
#: Some servers and proxies add it, as in chat completions.
_DONE: Final = b"[DONE]"

#: Events with a piece of a part.
_PIECES: Final[Mapping[str, PartKind]] = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "text",
    "response.reasoning_text.delta": "thought",
    "response.reasoning_summary_text.delta": "summary",
    "response.function_call_arguments.delta": "arguments",
}
#: Events with all of a part. Two more say the same again: `content_part.done` and
#: `reasoning_summary_part.done`.
_WHOLES: Final[Mapping[str, PartKind]] = {
    "response.output_text.done": "text",
    "response.refusal.done": "text",
    "response.reasoning_text.done": "thought",
    "response.reasoning_summary_text.done": "summary",
    "response.function_call_arguments.done": "arguments",
}

_heads: Final = msgspec.json.Decoder(Head)
_events: Final = msgspec.json.Decoder(Event)
_item_events: Final = msgspec.json.Decoder(ItemEvent)
_ends: Final = msgspec.json.Decoder(EndEvent)
_responses: Final = msgspec.json.Decoder(Response)

T = TypeVar("T")


class ResponsesStream:
    """Bytes in, deltas out; at the end one response."""

    def __init__(self, sent_bytes: int) -> None:
        """Start on the answer to a request of this size, for servers without counts."""
        self._sent_bytes = sent_bytes
        self._body = AnswerBody()
        self._items = OpenItems()
        self._counts = Counts(includes_cache=True)
        self._status = ""
        self._reason = ""
        self._is_strange = True
        self._has_events = False

    @property
    def is_whole(self) -> bool:
        return bool(self._status)

    @property
    def is_over(self) -> bool:
        return bool(self._status)

    def feed(self, chunk: bytes) -> list[ModelDelta]:
        """Take more bytes.

        Raises:
            ProviderError: they hold an error, or no response.
        """
        try:
            events = self._body.feed(chunk)
        except (OversizedBodyError, OversizedEventError) as error:
            raise COMPLAINTS.failed("malformed", str(error)) from error
        deltas: list[ModelDelta] = []
        for event in events:
            if not self._status:
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
                raise COMPLAINTS.failed("malformed", words)
            case "document":
                self._take_document(self._body.document())
            case "events":
                self._take_rest()
            case "unknown":
                pass
        if not self._status:
            raise self._cut()
        parts = AnswerParts(PROVIDER)
        self._items.write(parts)
        usage = self._counts.total(
            sent_bytes=self._sent_bytes, received_bytes=parts.content_bytes
        )
        stop: StopReason = "stop"
        if self._status == "incomplete":
            stop = _STOPS.get(self._reason, "unknown")
        words = f"status {self._status!r}"
        if self._reason:
            words += f", reason {self._reason!r}"
        return parts.response(stop, usage, words)

    def _cut(self) -> ProviderError:
        if self._has_events and self._is_strange:
            words = "a stream without any event of the Responses API"
            return COMPLAINTS.failed(
                "malformed", f"{words}; is model.base_url that of another API?"
            )
        return COMPLAINTS.failed("cut", "the answer ended without an end marker")

    def _take_rest(self) -> None:
        """Take an event that only lacks its blank line."""
        if self._status:
            return
        for event in self._body.rest():
            if event.data.strip() != _DONE and not is_json(event.data):
                words = "the answer ended in the middle of an event"
                raise COMPLAINTS.failed("cut", words)
            self._take(event, [])

    def _take(self, event: ServerEvent, deltas: list[ModelDelta]) -> None:
        data = event.data
        if data.strip() == _DONE:
            return
        self._has_events = True
        head = _decoded(_heads, data)
        kind = string(head.type)
        if "error" in {event.name, kind} or (not kind and head.error):
            raise COMPLAINTS.from_document(data)
        self._is_strange = self._is_strange and not kind.startswith("response.")
        deltas.extend(self._take_known(kind, data))

    def _take_known(self, kind: str, data: bytes) -> Iterator[ModelDelta]:
        """Take an event by its type; one that nobody knows yet says nothing to us."""
        items = self._items
        if kind in _PIECES:
            event = _decoded(_events, data)
            key = _key(_PIECES[kind], event)
            yield from items.piece(event.output_index, key, string(event.delta))
        elif kind in _WHOLES:
            event = _decoded(_events, data)
            key = _key(_WHOLES[kind], event)
            yield from items.whole(event.output_index, key, event.whole)
        elif kind == "response.output_item.added":
            begun = _decoded(_item_events, data)
            yield from items.begin(begun.output_index, begun.item)
        elif kind == "response.output_item.done":
            done = _decoded(_item_events, data)
            yield from items.end(done.output_index, done.item)
        elif kind in _ENDS:
            yield from self._end(_decoded(_ends, data).response, _ENDS[kind])

    def _take_document(self, data: bytes) -> None:
        response = _decoded(_responses, data)
        if response.error and response.status != "failed":
            raise COMPLAINTS.from_document(data)
        status = string(response.status) or "completed"
        if response.output is None and status != "failed":
            words = f"no response: {data.decode()}"
            raise COMPLAINTS.failed("malformed", words)
        for _ in self._end(data, status):
            pass

    def _end(self, data: bytes | msgspec.Raw, status: str) -> Iterator[ModelDelta]:
        response = _decoded(_responses, data)
        consumption.take(self._counts, response.usage)
        if status == "failed":
            if response.error:
                raise COMPLAINTS.from_document(bytes(data))
            raise COMPLAINTS.failed("server_error", "it failed, and does not say why")
        if status in _UNFINISHED:
            raise COMPLAINTS.failed("cut", f"a response that is {status}")
        yield from self._items.end_all(response.output or ())
        self._status = status
        self._reason = response.reason


def _key(kind: PartKind, event: Event) -> PartKey:
    if kind == "arguments":
        return kind, 0
    index = event.summary_index if kind == "summary" else event.content_index
    return kind, index or 0


def _decoded(decoder: msgspec.json.Decoder[T], data: bytes | msgspec.Raw) -> T:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        words = f"not of the Responses API: {error}"
        raise COMPLAINTS.failed("malformed", words) from error
