"""A chat completion's answer, from bytes in any split. Pure.

An answer is whole when a `finish_reason` or `[DONE]` was seen; without either it was
cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from podd.core.context.response import ModelDelta, ModelResponse, StopReason
from podd.errors import ProviderFault
from podd.providers.answer_body import AnswerBody, OversizedBodyError, is_json
from podd.providers.answer_parts import AnswerParts
from podd.providers.complaint import Complaints
from podd.providers.counts import Counts
from podd.providers.openai_chat import consumption
from podd.providers.openai_chat.calls import CallAssembly
from podd.providers.openai_chat.chunks import (
    CallChunk,
    Choice,
    Chunk,
    MessageChunk,
    text_of,
)
from podd.providers.openai_chat.errors import COMPLAINTS, PROVIDER
from podd.providers.sse import OversizedEventError, ServerEvent

_STOPS: Final[Mapping[str, StopReason]] = {
    "stop": "stop",
    "end_turn": "stop",
    "eos": "stop",
    "stop_sequence": "stop",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "length": "output_limit",
    "max_tokens": "output_limit",
    "model_length": "output_limit",
    "content_filter": "content_filter",
}
#: Reasons that name a failure, so that what came before is no answer.
_FAILURES: Final[Mapping[str, ProviderFault]] = {
    "error": "server_error",
    "abort": "cut",
    "insufficient_system_resource": "overloaded",
}
_DONE: Final = b"[DONE]"

_chunks: Final = msgspec.json.Decoder(Chunk)


class ChatStream:
    """Bytes in, deltas out; at the end one response."""

    def __init__(self, sent_bytes: int, complaints: Complaints = COMPLAINTS) -> None:
        """Start on the answer to a request of this size, for servers without counts."""
        self._complaints = complaints
        self._sent_bytes = sent_bytes
        self._body = AnswerBody()
        self._parts = AnswerParts(PROVIDER)
        self._calls = CallAssembly(self._parts)
        self._counts = Counts(includes_cache=True)
        self._finish_reason = ""
        self._is_done = False

    @property
    def is_whole(self) -> bool:
        return self._is_done or bool(self._finish_reason)

    @property
    def is_over(self) -> bool:
        return self._is_done

    def feed(self, chunk: bytes) -> list[ModelDelta]:
        """Take more bytes.

        Raises:
            ProviderError: they hold an error, or no chat completion.
        """
        try:
            events = self._body.feed(chunk)
        except (OversizedBodyError, OversizedEventError) as error:
            raise self._complaints.failed("malformed", str(error)) from error
        deltas: list[ModelDelta] = []
        for event in events:
            if not self._is_done:
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
            raise self._complaints.failed(
                "cut", "the answer ended without an end marker"
            )
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
        if self._is_done:
            return
        for event in self._body.rest():
            is_complete = event.data == _DONE or is_json(event.data)
            if not is_complete:
                if self.is_whole:
                    return
                words = "the answer ended in the middle of an event"
                raise self._complaints.failed("cut", words)
            self._take(event, [])

    def _take(self, event: ServerEvent, deltas: list[ModelDelta]) -> None:
        if event.data.strip() == _DONE:
            self._is_done = True
            return
        if event.name == "error":
            raise self._complaints.from_document(event.data)
        chunk = self._decoded(event.data)
        if chunk.is_error:
            raise self._complaints.from_document(event.data)
        consumption.take(self._counts, chunk.usage)
        for choice in chunk.choices or ():
            if not choice.index:
                self._take_choice(choice, choice.delta, deltas)

    def _take_document(self, data: bytes) -> None:
        chunk = self._decoded(data)
        if chunk.is_error:
            raise self._complaints.from_document(data)
        if not chunk.choices:
            words = f"no chat completion: {data.decode()}"
            raise self._complaints.failed("malformed", words)
        consumption.take(self._counts, chunk.usage)
        choice = chunk.choices[0]
        self._take_choice(choice, choice.message, [])
        # There is no marker in a whole document; its closing brace is one.
        self._is_done = True

    def _take_choice(
        self, choice: Choice, message: MessageChunk | None, deltas: list[ModelDelta]
    ) -> None:
        if message is not None:
            self._take_message(message, deltas)
        if choice.finish_reason:
            self._finish_reason = choice.finish_reason
            if fault := _FAILURES.get(choice.finish_reason):
                words = f"finish_reason {choice.finish_reason!r}"
                raise self._complaints.failed(fault, words)

    def _take_message(self, message: MessageChunk, deltas: list[ModelDelta]) -> None:
        thought = text_of(message.reasoning_content) or text_of(message.reasoning)
        if thought:
            deltas.append(self._parts.reasoning(thought))
        said = (text_of(message.content), text_of(message.refusal))
        deltas.extend(self._parts.text(text) for text in said if text)
        calls = message.tool_calls or []
        if message.function_call is not None:
            calls = [*calls, CallChunk(index=0, function=message.function_call)]
        told = (self._calls.take(piece) for piece in calls)
        deltas.extend(delta for delta in told if delta is not None)

    def _decoded(self, data: bytes) -> Chunk:
        try:
            return _chunks.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            words = f"not a chat completion: {error}"
            raise self._complaints.failed("malformed", words) from error
