"""Converse's answer, from bytes in any split. Pure.

A stream is made of binary frames, a whole answer is one document. The first byte tells:
a frame begins with its length, which is never so large that this byte is not 0.

An answer is whole when its `messageStop` was seen; what it used comes behind it, and is
its end.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from podd.core.context.response import ModelDelta, ModelResponse, StopReason
from podd.errors import ProviderFault
from podd.providers.answer_body import AnswerBody, OversizedBodyError
from podd.providers.answer_parts import AnswerParts, OpenCall
from podd.providers.bedrock import events, replay
from podd.providers.bedrock.errors import (
    COMPLAINTS,
    PROVIDER,
    is_error,
)
from podd.providers.bedrock.family import Family
from podd.providers.bedrock.frames import Frame, FrameDecoder, MalformedFrameError
from podd.providers.counts import Count, Counts

_STOPS: Final[Mapping[str, StopReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_use",
    "max_tokens": "output_limit",
    "model_context_window_exceeded": "context_overflow",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}
#: Reasons that name a failure, so that what came before is no answer.
_FAILURES: Final[Mapping[str, ProviderFault]] = {
    "malformed_model_output": "malformed",
    "malformed_tool_use": "malformed",
}
_COUNTS: Final[tuple[tuple[Count, str], ...]] = (
    ("input", "inputTokens"),
    ("output", "outputTokens"),
    ("cache_read", "cacheReadInputTokens"),
    ("cache_write", "cacheWriteInputTokens"),
)

_block_events: Final = msgspec.json.Decoder(events.BlockEvent)
_stops: Final = msgspec.json.Decoder(events.MessageStop)
_metadata: Final = msgspec.json.Decoder(events.Metadata)
_answers: Final = msgspec.json.Decoder(events.Converse)
_texts: Final = msgspec.json.Decoder(str)

T = TypeVar("T")


class ConverseAnswer:
    """Bytes in, deltas out; at the end one response."""

    def __init__(self, sent_bytes: int, family: Family = "unknown") -> None:
        """Start on the answer to a request of this size, by a model of this family."""
        self._sent_bytes = sent_bytes
        self._family = family
        self._body = AnswerBody()
        self._frames: FrameDecoder | None = None
        self._parts = AnswerParts(PROVIDER)
        # The input that cached tokens are no part of:
        # https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
        self._counts = Counts(includes_cache=False)
        self._calls: dict[int, OpenCall] = {}
        self._index: int | None = None
        self._signature: list[str] = []
        self._sealed: list[str] = []
        self._stop_reason = ""
        self._is_over = False

    @property
    def is_whole(self) -> bool:
        return self._is_over or bool(self._stop_reason)

    @property
    def is_over(self) -> bool:
        return self._is_over

    def feed(self, chunk: bytes) -> list[ModelDelta]:
        """Take more bytes.

        Raises:
            ProviderError: they hold an error, or no answer.
        """
        if (
            self._frames is None
            and self._body.shape == "unknown"
            and chunk[:1] == b"\0"
        ):
            self._frames = FrameDecoder()
        deltas: list[ModelDelta] = []
        try:
            for frame in self._fed(chunk):
                if not self._is_over:
                    self._take(frame, deltas)
        except (OversizedBodyError, MalformedFrameError) as error:
            raise COMPLAINTS.failed("malformed", str(error)) from error
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
            case _:
                pass
        if not self.is_whole:
            raise COMPLAINTS.failed("cut", "the answer ended without its messageStop")
        usage = self._counts.total(
            sent_bytes=self._sent_bytes, received_bytes=self._parts.content_bytes
        )
        reason = self._stop_reason
        return self._parts.response(
            _STOPS.get(reason, "unknown"), usage, f"stopReason {reason!r}"
        )

    def _fed(self, chunk: bytes) -> list[Frame]:
        if self._frames is not None:
            return self._frames.feed(chunk)
        self._body.feed(chunk)
        if self._body.shape == "events":
            raise MalformedFrameError("neither an event stream nor a document")
        return []

    def _take(self, frame: Frame, deltas: list[ModelDelta]) -> None:
        match frame.header(":message-type"):
            case "exception":
                raise COMPLAINTS.from_exception(
                    frame.payload, frame.header(":exception-type")
                )
            case "error":
                code, words = (
                    frame.header(":error-code"),
                    frame.header(":error-message"),
                )
                raise COMPLAINTS.from_words(code, words or "an error without a message")
            case "event":
                self._take_event(frame.header(":event-type"), frame.payload, deltas)
            case _:
                pass  # nobody knows it yet

    def _take_event(self, name: str, data: bytes, deltas: list[ModelDelta]) -> None:
        match name:
            case "contentBlockDelta" | "contentBlockStart":
                event = _decoded(_block_events, data)
                content = event.delta if name == "contentBlockDelta" else event.start
                self._enter(event.content_block_index)
                if content is not None:
                    self._take_content(event.content_block_index, content, deltas)
            case "contentBlockStop":
                self._leave()
            case "messageStop":
                self._leave()
                self._stop(_decoded(_stops, data).stop_reason)
            case "metadata":
                self._count(_decoded(_metadata, data).usage)
                self._is_over = self.is_whole
            case _:
                pass  # messageStart says nothing, the rest is not known yet

    def _take_content(
        self, index: int, content: events.Content, deltas: list[ModelDelta]
    ) -> None:
        if content.text:
            deltas.append(self._parts.text(content.text))
        if (thought := content.reasoning_content) is not None:
            self._take_thought(thought, deltas)
        if (use := content.tool_use) is not None:
            call = self._calls.get(index)
            if call is None:
                call = self._parts.call(use.tool_use_id, use.name)
                self._calls[index] = call
                deltas.append(self._parts.arguments(call, ""))
            if piece := bytes(use.input):
                told = _decoded(_texts, piece)
                if told:
                    deltas.append(self._parts.arguments(call, told))

    def _take_thought(
        self, thought: events.Reasoning, deltas: list[ModelDelta]
    ) -> None:
        told = thought.reasoning_text or events.ReasoningText(
            thought.text or "", thought.signature
        )
        if told.text:
            deltas.append(self._parts.reasoning(told.text))
        if told.signature:
            self._signature.append(told.signature)
        if thought.redacted_content:
            self._sealed.append(thought.redacted_content)

    def _enter(self, index: int) -> None:
        """Go on with a block, or begin another."""
        if index != self._index:
            self._leave()
            self._index = index

    def _leave(self) -> None:
        """End the open block; a thought gets what it is sent back with."""
        if self._signature:
            signature = "".join(self._signature)
            self._parts.replay(replay.signed(self._family, signature))
        if self._sealed:
            self._parts.replay(replay.sealed(self._family, _joined(self._sealed)))
        self._signature.clear()
        self._sealed.clear()
        self._parts.close()
        self._index = None

    def _stop(self, reason: str) -> None:
        self._stop_reason = reason or "unknown"
        if fault := _FAILURES.get(reason):
            raise COMPLAINTS.failed(fault, f"stopReason {reason!r}")

    def _count(self, usage: object) -> None:
        for name, key in _COUNTS:
            self._counts.keep(name, usage, key)

    def _take_document(self, data: bytes) -> None:
        answer = _decoded(_answers, data)
        if answer.output is None or answer.output.message is None:
            if is_error(_decoded(msgspec.json.Decoder(dict), data)):
                raise COMPLAINTS.from_exception(data)
            words = f"no answer of Converse: {data.decode()}"
            raise COMPLAINTS.failed("malformed", words)
        for index, content in enumerate(answer.output.message.content):
            self._take_block(index, content)
        self._stop(answer.stop_reason)
        self._count(answer.usage)
        self._is_over = True

    def _take_block(self, index: int, content: events.Content) -> None:
        """Take a block of a whole answer, whose calls have their input as it is."""
        use = content.tool_use
        if use is not None:
            call = self._parts.call(use.tool_use_id, use.name)
            self._parts.arguments(call, bytes(use.input).decode())
            return
        self._enter(index)
        self._take_content(index, content, [])
        self._leave()


def _joined(pieces: list[str]) -> str:
    """Put together what was cut before it was encoded."""
    if len(pieces) == 1:
        return pieces[0]
    try:
        whole = b"".join(base64.b64decode(piece, validate=True) for piece in pieces)
    except binascii.Error as error:
        words = f"a sealed thought that is no base64: {error}"
        raise COMPLAINTS.failed("malformed", words) from error
    return base64.b64encode(whole).decode()


def _decoded(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        words = f"not an answer of Converse: {error}"
        raise COMPLAINTS.failed("malformed", words) from error
