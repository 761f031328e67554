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
from podd.providers.answer_parts import OpenCall
from podd.providers.cohere import consumption
from podd.providers.cohere.errors import COMPLAINTS
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
from podd.providers.event_answer import DONE, EventAnswer
from podd.providers.sse import ServerEvent

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


class CohereStream(EventAnswer):
    """The answer of one chat."""

    def __init__(self, sent_bytes: int) -> None:
        """Start on the answer to a request of this size, for servers without counts."""
        super().__init__(COMPLAINTS, sent_bytes, "a message-end")
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

    def _response(self) -> ModelResponse:
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

    def _take(self, event: ServerEvent, deltas: list[ModelDelta]) -> None:
        data = event.data
        # Ends nothing here that has not had its message-end.
        if data.strip() == DONE:
            return
        told = _event(data, event.name)
        if told.type == "error" or (not told.type and told.message):
            raise COMPLAINTS.from_document(data)
        self._take_event(told, told.delta or Delta(), deltas)

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
