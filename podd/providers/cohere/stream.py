"""Cohere's answer, from bytes in any split. Pure.

https://docs.cohere.com/v2/docs/streaming and
https://docs.cohere.com/v2/docs/tool-use-streaming describe the events. An answer is
whole when its `message-end` was seen; without it, it was cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from podd.core.context.response import ModelDelta, ModelResponse, StopReason
from podd.errors import ProviderFault
from podd.providers.answer_body import AnswerBody, OversizedBodyError, is_json
from podd.providers.answer_parts import AnswerParts, OpenCall
from podd.providers.cohere import consumption
from podd.providers.cohere.errors import COMPLAINTS, PROVIDER
from podd.providers.cohere.events import (
    TELLING,
    Call,
    Content,
    Delta,
    Event,
    Function,
    Message,
    documents,
    events,
    heads,
    text_of,
)
from podd.providers.cohere.request import THINKING
from podd.providers.counts import Counts
from podd.providers.sse import OversizedEventError, ServerEvent

T = TypeVar("T")

_STOPS: Final[Mapping[str, StopReason]] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "TOOL_CALL": "tool_use",
    "MAX_TOKENS": "output_limit",
}
#: Reasons that name a failure, so that what came before is no answer.
_FAILURES: Final[Mapping[str, ProviderFault]] = {
    "ERROR": "server_error",
    "TIMEOUT": "timed_out",
}
_DONE: Final = b"[DONE]"


class CohereStream:
    """Bytes in, deltas out; at the end one response."""

    def __init__(self, sent_bytes: int) -> None:
        """Start on the answer to a request of this size, for servers without counts."""
        self._sent_bytes = sent_bytes
        self._body = AnswerBody()
        self._parts = AnswerParts(PROVIDER)
        self._calls: dict[int | None, OpenCall] = {}
        # The cache is a part of the prompt: "prompt tokens that hit the cache".
        self._counts = Counts(includes_cache=True)
        self._is_thinking = False
        self._finish_reason = ""
        self._has_ended = False

    @property
    def is_whole(self) -> bool:
        return self._has_ended

    @property
    def is_over(self) -> bool:
        return self._has_ended

    def feed(self, chunk: bytes) -> list[ModelDelta]:
        """Take more bytes.

        Raises:
            ProviderError: they hold an error, or no answer of Cohere's.
        """
        try:
            found = self._body.feed(chunk)
        except (OversizedBodyError, OversizedEventError) as error:
            raise COMPLAINTS.failed("malformed", str(error)) from error
        deltas: list[ModelDelta] = []
        for event in found:
            if not self._has_ended:
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
        if not self._has_ended:
            raise COMPLAINTS.failed("cut", "the answer ended without a message-end")
        self._end_thought()
        reason = self._finish_reason
        usage = self._counts.total(
            sent_bytes=self._sent_bytes, received_bytes=self._parts.content_bytes
        )
        return self._parts.response(
            _STOPS.get(reason, "unknown"),
            usage,
            f"finish_reason {reason!r}" if reason else "-",
        )

    def _take_rest(self) -> None:
        """Take an event that only lacks its blank line."""
        if self._has_ended:
            return
        for event in self._body.rest():
            if not is_json(event.data) and event.data.strip() != _DONE:
                words = "the answer ended in the middle of an event"
                raise COMPLAINTS.failed("cut", words)
            self._take(event, [])

    def _take(self, server_event: ServerEvent, deltas: list[ModelDelta]) -> None:
        data = server_event.data
        # Ends nothing here that has not had its message-end.
        if data.strip() == _DONE:
            return
        event = _event(data, server_event.name)
        if event.type == "error" or (not event.type and event.message):
            raise COMPLAINTS.from_document(data)
        self._take_event(event, event.delta or Delta(), deltas)

    def _take_event(self, event: Event, delta: Delta, deltas: list[ModelDelta]) -> None:
        message = delta.message or Message()
        match event.type:
            case "content-start":
                # Another block; a start may already hold the first words.
                self._close()
                self._take_blocks(message.blocks, deltas)
            case "content-delta":
                self._take_blocks(message.blocks, deltas)
            case "content-end":
                self._close()
            case "tool-plan-delta":
                self._say(message.tool_plan or "", deltas)
            case "tool-call-start":
                for call in message.calls:
                    self._open_call(event.index, call, deltas)
            case "tool-call-delta":
                for call in message.calls:
                    self._add_to_call(event.index, call, deltas)
            case "message-end":
                self._end(delta.finish_reason, delta.usage, delta.error)
            case _:
                pass

    def _take_document(self, data: bytes) -> None:
        document = _decoded(documents, data)
        if document.error or isinstance(document.message, str):
            raise COMPLAINTS.from_document(data)
        if document.message is None:
            words = f"no answer of Cohere's: {data.decode()}"
            raise COMPLAINTS.failed("malformed", words)
        message = document.message
        for block in message.blocks:
            self._take_blocks([block], [])
            self._close()
        self._say(message.tool_plan or "", [])
        for index, call in enumerate(message.calls):
            self._open_call(index, call, [])
        self._end(document.finish_reason, document.usage, None)

    def _take_blocks(self, blocks: list[Content], deltas: list[ModelDelta]) -> None:
        for block in blocks:
            if block.thinking:
                self._is_thinking = True
                deltas.append(self._parts.reasoning(block.thinking))
            self._say(block.text or "", deltas)

    def _say(self, text: str, deltas: list[ModelDelta]) -> None:
        if text:
            self._end_thought()
            deltas.append(self._parts.text(text))

    def _open_call(
        self, index: int | None, call: Call, deltas: list[ModelDelta]
    ) -> None:
        self._end_thought()
        function = call.function or Function()
        opened = self._parts.call(call.id or "", function.name or "")
        self._calls[index] = opened
        deltas.append(self._parts.arguments(opened, text_of(function.arguments)))

    def _add_to_call(
        self, index: int | None, call: Call, deltas: list[ModelDelta]
    ) -> None:
        opened = self._calls.get(index)
        piece = text_of((call.function or Function()).arguments)
        if opened is None:
            words = f"arguments of a tool call that was not begun: {piece}"
            raise COMPLAINTS.failed("malformed", words)
        if piece:
            deltas.append(self._parts.arguments(opened, piece))

    def _end(self, reason: str | None, usage: Any, error: Any) -> None:  # noqa: ANN401  # foreign
        consumption.take(self._counts, usage)
        self._finish_reason = reason or ""
        self._has_ended = True
        if error:
            # Read as a refusal, because its words may tell of a context that is full.
            raise COMPLAINTS.from_document(msgspec.json.encode({"message": error}))
        if fault := _FAILURES.get(self._finish_reason):
            words = f"finish_reason {self._finish_reason!r}"
            raise COMPLAINTS.failed(fault, words)

    def _close(self) -> None:
        self._end_thought()
        self._parts.close()

    def _end_thought(self) -> None:
        if self._is_thinking:
            self._is_thinking = False
            self._parts.replay(THINKING)


def _event(data: bytes, name: str) -> Event:
    """Read an event; one of a kind that nobody knows yet may have any shape."""
    try:
        event = events.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        kind = _decoded(heads, data).type or name
        if kind in TELLING:
            # It fails as before, and this time it says so.
            return _decoded(events, data)
        return Event(type=kind)
    return (
        event if event.type or not name else msgspec.structs.replace(event, type=name)
    )


def _decoded(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        words = f"no answer of Cohere's: {error}"
        raise COMPLAINTS.failed("malformed", words) from error
