"""A chat completion's answer, from bytes in any split. Pure.

The first byte tells what it is: `{` a whole answer (a server that does not stream, or
an error), `<` a page of some proxy, anything else a stream of events. Content types are
not asked; servers are careless with them.

An answer is whole when a `finish_reason` or `[DONE]` was seen; without either it was
cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from podd.core.context.conversation import ModelPart, ReasoningPart, TextPart
from podd.core.context.response import (
    ModelDelta,
    ModelResponse,
    ReasoningDelta,
    StopReason,
    TextDelta,
)
from podd.errors import ProviderFault
from podd.providers.openai_chat.calls import CallAssembly, OpenCall, finished
from podd.providers.openai_chat.chunks import (
    CallChunk,
    Choice,
    Chunk,
    MessageChunk,
    text_of,
)
from podd.providers.openai_chat.consumption import Consumption
from podd.providers.openai_chat.errors import failed, from_document
from podd.providers.presentation import page_summary
from podd.providers.sse import (
    EVENT_BYTES,
    EventDecoder,
    OversizedEventError,
    ServerEvent,
)

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
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"

_chunks: Final = msgspec.json.Decoder(Chunk)

_Shape = Literal["unknown", "events", "document", "page"]


@dataclass(slots=True)
class _Prose:
    kind: type[TextPart | ReasoningPart]
    pieces: list[str] = field(default_factory=list)


class ChatStream:
    """Bytes in, deltas out; at the end one response."""

    def __init__(self, sent_bytes: int) -> None:
        """Start on the answer to a request of this size, for servers without counts."""
        self._sent_bytes = sent_bytes
        self._shape: _Shape = "unknown"
        self._events = EventDecoder()
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._parts: list[_Prose | OpenCall] = []
        self._calls = CallAssembly()
        self._consumption = Consumption()
        self._content_bytes = 0
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
        if self._shape == "unknown":
            chunk = self._recognise(chunk)
        if self._shape != "events":
            self._hold(chunk)
            return []
        try:
            events = self._events.feed(chunk)
        except OversizedEventError as error:
            raise failed("malformed", str(error)) from error
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
        match self._shape:
            case "page":
                page = page_summary(b"".join(self._held))
                raise failed("malformed", f"{page} where an answer was expected")
            case "document":
                self._take_document(b"".join(self._held).strip(_BLANK))
            case "events":
                self._take_rest()
            case "unknown":
                pass
        if not self.is_whole:
            raise failed("cut", "the answer ended without an end marker")
        return self._response()

    def _recognise(self, chunk: bytes) -> bytes:
        self._hold(chunk)
        start = b"".join(self._held)
        first = start.lstrip(_BLANK)[:1]
        if not first:
            return b""
        self._held.clear()
        self._held_bytes = 0
        shapes: dict[bytes, _Shape] = {b"{": "document", b"[": "document", b"<": "page"}
        self._shape = shapes.get(first, "events")
        return start

    def _hold(self, chunk: bytes) -> None:
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        if self._held_bytes > EVENT_BYTES:
            raise failed("malformed", f"no stream, and more than {EVENT_BYTES} bytes")

    def _take_rest(self) -> None:
        """Take an event that only lacks its blank line."""
        if self._is_done:
            return
        for event in self._events.finish():
            is_complete = event.data == _DONE or _is_json(event.data)
            if not is_complete:
                if self.is_whole:
                    return
                raise failed("cut", "the answer ended in the middle of an event")
            self._take(event, [])

    def _take(self, event: ServerEvent, deltas: list[ModelDelta]) -> None:
        if event.data.strip() == _DONE:
            self._is_done = True
            return
        if event.name == "error":
            raise from_document(event.data)
        chunk = _decoded(event.data)
        if chunk.is_error:
            raise from_document(event.data)
        self._consumption.take(chunk.usage)
        for choice in chunk.choices or ():
            if not choice.index:
                self._take_choice(choice, choice.delta, deltas)

    def _take_document(self, data: bytes) -> None:
        chunk = _decoded(data)
        if chunk.is_error:
            raise from_document(data)
        if not chunk.choices:
            raise failed("malformed", f"no chat completion: {data.decode()}")
        self._consumption.take(chunk.usage)
        choice = chunk.choices[0]
        self._take_choice(choice, choice.message, [])
        # There is no marker in a whole document; its closing brace is one.
        self._is_done = True

    def _take_choice(
        self, choice: Choice, message: MessageChunk | None, deltas: list[ModelDelta]
    ) -> None:
        if message is not None:
            thought = text_of(message.reasoning_content) or text_of(message.reasoning)
            if thought:
                self._add_prose(ReasoningPart, thought)
                deltas.append(ReasoningDelta(thought))
            for text in (text_of(message.content), text_of(message.refusal)):
                if text:
                    self._add_prose(TextPart, text)
                    deltas.append(TextDelta(text))
            for piece in message.tool_calls or ():
                self._add_call(piece, deltas)
            if message.function_call is not None:
                legacy = CallChunk(index=0, function=message.function_call)
                self._add_call(legacy, deltas)
        if choice.finish_reason:
            self._finish_reason = choice.finish_reason
            if fault := _FAILURES.get(choice.finish_reason):
                raise failed(fault, f"finish_reason {choice.finish_reason!r}")

    def _add_prose(self, kind: type[TextPart | ReasoningPart], text: str) -> None:
        last = self._parts[-1] if self._parts else None
        if not isinstance(last, _Prose) or last.kind is not kind:
            last = _Prose(kind)
            self._parts.append(last)
        last.pieces.append(text)
        self._content_bytes += len(text.encode())

    def _add_call(self, piece: CallChunk, deltas: list[ModelDelta]) -> None:
        known = len(self._calls.calls)
        call, delta = self._calls.take(piece)
        if call.position == known:
            self._parts.append(call)
        if delta is not None:
            deltas.append(delta)
            self._content_bytes += len(delta.arguments.encode())

    def _response(self) -> ModelResponse:
        stop = self._stop_reason()
        if any(not call.name for call in self._calls.calls):
            raise failed("malformed", "a tool call without a name")
        if not self._says_something() and stop != "output_limit":
            fault: ProviderFault = (
                "content_filter" if stop == "content_filter" else "empty_response"
            )
            raise failed(fault, f"no text and no tool call ({self._reason_words()})")
        return ModelResponse(
            parts=self._finished_parts(stop),
            stop_reason=stop,
            usage=self._consumption.total(
                sent_bytes=self._sent_bytes, received_bytes=self._content_bytes
            ),
        )

    def _stop_reason(self) -> StopReason:
        stop = _STOPS.get(self._finish_reason, "unknown")
        # Many servers say "stop", or only [DONE], after a call.
        if self._calls.calls and stop in {"stop", "unknown"}:
            return "tool_use"
        return stop

    def _says_something(self) -> bool:
        return bool(self._calls.calls) or any(
            isinstance(part, _Prose) and part.kind is TextPart and _has_words(part)
            for part in self._parts
        )

    def _finished_parts(self, stop: StopReason) -> tuple[ModelPart, ...]:
        # A call without arguments takes none; but one that a limit cut off must not
        # look as if it were complete.
        empty = "" if stop == "output_limit" else "{}"
        ids = self._calls.provider_ids()
        return tuple(
            finished(part, ids[part.position], empty=empty)
            if isinstance(part, OpenCall)
            else part.kind("".join(part.pieces))
            for part in self._parts
        )

    def _reason_words(self) -> str:
        return f"finish_reason {self._finish_reason!r}" if self._finish_reason else "-"


def _has_words(prose: _Prose) -> bool:
    return any(piece.strip() for piece in prose.pieces)


def _decoded(data: bytes) -> Chunk:
    try:
        return _chunks.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise failed("malformed", f"not a chat completion: {error}") from error


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
