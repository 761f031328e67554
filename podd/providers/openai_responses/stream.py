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
from podd.providers.counts import Counts
from podd.providers.event_answer import DONE, EventAnswer
from podd.providers.openai_responses import consumption
from podd.providers.openai_responses.errors import COMPLAINTS
from podd.providers.openai_responses.events import (
    EndEvent,
    Event,
    Head,
    ItemEvent,
    Response,
    string,
)
from podd.providers.openai_responses.items import OpenItems, PartKey, PartKind
from podd.providers.sse import ServerEvent

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


class ResponsesStream(EventAnswer):
    """The answer of one response."""

    def __init__(self, sent_bytes: int) -> None:
        """Start on the answer to a request of this size, for servers without counts."""
        super().__init__(COMPLAINTS, sent_bytes, "an end marker")
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

    def _response(self) -> ModelResponse:
        self._items.write(self._parts)
        usage = self._counts.total(
            sent_bytes=self._sent_bytes, received_bytes=self._parts.content_bytes
        )
        stop: StopReason = "stop"
        if self._status == "incomplete":
            stop = _STOPS.get(self._reason, "unknown")
        words = f"status {self._status!r}"
        if self._reason:
            words += f", reason {self._reason!r}"
        return self._parts.response(stop, usage, words)

    def _refuse_cut(self) -> None:
        if self._has_events and self._is_strange:
            words = "a stream without any event of the Responses API"
            raise COMPLAINTS.failed(
                "malformed", f"{words}; is model.base_url that of another API?"
            )
        super()._refuse_cut()

    def _take(self, event: ServerEvent, deltas: list[ModelDelta]) -> None:
        data = event.data
        if data.strip() == DONE:
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
