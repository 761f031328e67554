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
from podd.providers.answer_body import is_json
from podd.providers.event_answer import DONE, EventAnswer
from podd.providers.gemini.calls import CallAssembly
from podd.providers.gemini.chunks import Candidate, Chunk, Part
from podd.providers.gemini.consumption import Consumption
from podd.providers.gemini.errors import COMPLAINTS
from podd.providers.gemini.signatures import Bearer, kept
from podd.providers.sse import ServerEvent

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

_chunks: Final = msgspec.json.Decoder(Chunk)
_documents: Final = msgspec.json.Decoder(list[Chunk] | Chunk)


class GeminiStream(EventAnswer):
    """The answer of one generation."""

    def __init__(self, sent_bytes: int) -> None:
        """Start on the answer to a request of this size, for servers without counts."""
        super().__init__(COMPLAINTS, sent_bytes, "a finishReason")
        self._calls = CallAssembly(self._parts)
        self._consumption = Consumption()
        self._finish_reason = ""

    @property
    def is_whole(self) -> bool:
        return bool(self._finish_reason)

    @property
    def is_over(self) -> bool:
        return False

    def _response(self) -> ModelResponse:
        self._calls.end()
        reason = self._finish_reason
        usage = self._consumption.total(
            sent_bytes=self._sent_bytes, received_bytes=self._parts.content_bytes
        )
        return self._parts.response(
            _STOPS.get(reason, "unknown"), usage, f"finishReason {reason!r}"
        )

    def _take_rest(self) -> None:
        super()._take_rest()
        self._take_strays()

    def _take_strays(self) -> None:
        """Take an error that Google wrote into a stream bare, not as an event."""
        strays = self._body.strays()
        if b'"error"' in strays and is_json(strays):
            raise COMPLAINTS.from_document(strays)

    def _take(self, event: ServerEvent, deltas: list[ModelDelta]) -> None:
        if event.data.strip() == DONE:
            return
        try:
            chunk = _chunks.decode(event.data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            words = f"not an answer of Gemini's: {error}"
            raise COMPLAINTS.failed("malformed", words) from error
        if chunk.error:
            raise COMPLAINTS.from_document(event.data)
        self._take_chunk(chunk, deltas)

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
            self._take_chunk(chunk, [])

    def _take_chunk(self, chunk: Chunk, deltas: list[ModelDelta]) -> None:
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
