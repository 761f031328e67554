"""Gemini's answer, from bytes in any split. Pure.

There is no end marker: an answer is whole when a `finishReason` was seen, and over when
nothing more comes. Where events were not asked for, or a gateway does not pass
`alt=sse` on, the same chunks come as an array.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from podd.core.context.response import ModelDelta, ModelResponse, StopReason
from podd.errors import ProviderFault
from podd.providers.answer_body import AnswerBody, OversizedBodyError, is_json
from podd.providers.answer_parts import AnswerParts
from podd.providers.gemini.calls import CallAssembly
from podd.providers.gemini.chunks import Candidate, Chunk, Part
from podd.providers.gemini.consumption import Consumption
from podd.providers.gemini.errors import COMPLAINTS, PROVIDER
from podd.providers.gemini.signatures import Bearer, kept
from podd.providers.sse import OversizedEventError, ServerEvent

#: https://ai.google.dev/api/generate-content#FinishReason
_STOPS: Final[Mapping[str, StopReason]] = {
    "STOP": "stop",
    "MAX_TOKENS": "output_limit",
    "CONTINUATION": "output_limit",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "ESCALATION": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
}
#: Reasons that name a failure, so that what came before is no answer.
_FAILURES: Final[Mapping[str, ProviderFault]] = {
    "MALFORMED_FUNCTION_CALL": "malformed",
    "MALFORMED_RESPONSE": "malformed",
    "UNEXPECTED_TOOL_CALL": "malformed",
    "TOO_MANY_TOOL_CALLS": "malformed",
    "MISSING_THOUGHT_SIGNATURE": "bad_request",
    "PUP_LIMITED_DISABLED": "refused",
}
_UNSAID: Final = frozenset(
    {"", "FINISH_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED"}
)
#: Gateways that speak other vendors' words too may end so.
_DONE: Final = b"[DONE]"

_chunks: Final = msgspec.json.Decoder(Chunk)
_documents: Final = msgspec.json.Decoder(list[Chunk] | Chunk)


class GeminiStream:
    """Bytes in, deltas out; at the end one response."""

    def __init__(self, sent_bytes: int) -> None:
        """Start on the answer to a request of this size, for servers without counts."""
        self._sent_bytes = sent_bytes
        self._body = AnswerBody()
        self._parts = AnswerParts(PROVIDER)
        self._calls = CallAssembly(self._parts)
        self._consumption = Consumption()
        self._finish_reason = ""

    @property
    def is_whole(self) -> bool:
        return bool(self._finish_reason)

    @property
    def is_over(self) -> bool:
        return False

    def feed(self, chunk: bytes) -> list[ModelDelta]:
        """Take more bytes.

        Raises:
            ProviderError: they hold an error, a refusal, or no answer of Gemini's.
        """
        try:
            events = self._body.feed(chunk)
        except (OversizedBodyError, OversizedEventError) as error:
            raise COMPLAINTS.failed("malformed", str(error)) from error
        deltas: list[ModelDelta] = []
        for event in events:
            self._take_event(event, deltas)
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
                self._take_strays()
            case "unknown":
                pass
        if not self.is_whole:
            raise COMPLAINTS.failed("cut", "the answer ended without a finishReason")
        self._calls.end()
        reason = self._finish_reason
        usage = self._consumption.total(
            sent_bytes=self._sent_bytes, received_bytes=self._parts.content_bytes
        )
        return self._parts.response(
            _STOPS.get(reason, "unknown"), usage, f"finishReason {reason!r}"
        )

    def _take_rest(self) -> None:
        """Take an event that only lacks its blank line."""
        for event in self._body.rest():
            if not (is_json(event.data) or event.data.strip() == _DONE):
                if self.is_whole:
                    return
                words = "the answer ended in the middle of an event"
                raise COMPLAINTS.failed("cut", words)
            self._take_event(event, [])

    def _take_strays(self) -> None:
        """Take an error that Google wrote into a stream bare, not as an event."""
        strays = self._body.strays()
        if b'"error"' in strays and is_json(strays):
            raise COMPLAINTS.from_document(strays)

    def _take_event(self, event: ServerEvent, deltas: list[ModelDelta]) -> None:
        if event.data.strip() == _DONE:
            return
        try:
            chunk = _chunks.decode(event.data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            words = f"not an answer of Gemini's: {error}"
            raise COMPLAINTS.failed("malformed", words) from error
        if chunk.error:
            raise COMPLAINTS.from_document(event.data)
        self._take(chunk, deltas)

    def _take_document(self, data: bytes) -> None:
        try:
            found = _documents.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            # What stops in its middle was cut; anything else is some other document.
            fault: ProviderFault = "malformed" if is_json(data) else "cut"
            words = f"not an answer of Gemini's: {error}"
            raise COMPLAINTS.failed(fault, words) from error
        chunks = found if isinstance(found, list) else [found]
        for chunk in chunks:
            if chunk.error:
                raise COMPLAINTS.from_document(msgspec.json.encode(chunk))
            self._take(chunk, [])

    def _take(self, chunk: Chunk, deltas: list[ModelDelta]) -> None:
        self._consumption.take(chunk.usage_metadata)
        feedback = chunk.prompt_feedback
        if feedback is not None and (feedback.block_reason or "") not in _UNSAID:
            why = feedback.block_reason_message
            words = f"the prompt was blocked: blockReason {feedback.block_reason!r}"
            raise COMPLAINTS.failed(
                "content_filter", f"{words}, {why}" if why else words
            )
        for candidate in chunk.candidates or ():
            if not candidate.index:
                self._take_candidate(candidate, deltas)

    def _take_candidate(self, candidate: Candidate, deltas: list[ModelDelta]) -> None:
        if candidate.content is not None:
            for part in candidate.content.parts or ():
                self._take_part(part, deltas)
        reason = candidate.finish_reason or ""
        if reason in _UNSAID:
            return
        self._finish_reason = reason
        if fault := _FAILURES.get(reason):
            words = f"finishReason {reason!r}"
            why = candidate.finish_message
            raise COMPLAINTS.failed(fault, f"{words}: {why}" if why else words)

    def _take_part(self, part: Part, deltas: list[ModelDelta]) -> None:
        signature = part.thought_signature or ""
        text = part.text or ""
        if part.function_call is not None:
            if signature:
                self._sign(signature, "next")
            deltas.extend(self._calls.take(part.function_call))
        elif part.thought:
            self._take_thought(text, signature, deltas)
        elif text:
            if signature:
                self._sign(signature, "next")
            deltas.append(self._parts.text(text))
            if signature:
                self._parts.close()
        elif signature and part.text is not None:
            self._sign(signature, "text")

    def _take_thought(
        self, text: str, signature: str, deltas: list[ModelDelta]
    ) -> None:
        if not text and signature:
            self._sign(signature, "thought")
        elif text:
            if signature:
                self._parts.close()
            deltas.append(self._parts.reasoning(text))
            if signature:
                self._parts.replay(signature)

    def _sign(self, signature: str, bearer: Bearer) -> None:
        """Put a signature into a thought of its own, in front of what comes."""
        self._parts.close()
        self._parts.replay(kept(signature, bearer))
