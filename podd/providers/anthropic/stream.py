"""A message's answer, from bytes in any split. Pure.

An answer is whole when a `stop_reason` or `message_stop` was seen; without either it
was cut. See https://platform.claude.com/docs/en/build-with-claude/streaming and
https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from podd.core.context.response import ModelDelta, ModelResponse, StopReason
from podd.errors import ProviderError
from podd.providers.anthropic import consumption
from podd.providers.anthropic.blocks import BlockAssembly
from podd.providers.anthropic.errors import COMPLAINTS
from podd.providers.anthropic.events import KNOWN, Delta, Event, Kind, Message, text_of
from podd.providers.counts import Counts
from podd.providers.event_answer import DONE, EventAnswer
from podd.providers.sse import ServerEvent

#: `pause_turn` is left out: only tools that the vendor runs end so, and we use none.
_STOPS: Final[Mapping[str, StopReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_use",
    "max_tokens": "output_limit",
    "model_context_window_exceeded": "context_overflow",
    "refusal": "content_filter",
}

_events: Final = msgspec.json.Decoder(Event)
_kinds: Final = msgspec.json.Decoder(Kind)
_messages: Final = msgspec.json.Decoder(Message)


class MessageStream(EventAnswer):
    """The answer of one message."""

    def __init__(self, sent_bytes: int) -> None:
        """Start on the answer to a request of this size, for servers without counts."""
        super().__init__(COMPLAINTS, sent_bytes, "an end marker")
        self._blocks = BlockAssembly(self._parts)
        self._counts = Counts(includes_cache=False)
        self._stop_reason = ""
        self._explanation = ""
        self._is_done = False

    @property
    def is_whole(self) -> bool:
        return self._is_done or bool(self._stop_reason)

    @property
    def is_over(self) -> bool:
        return self._is_done

    def _response(self) -> ModelResponse:
        self._blocks.end()
        reason = self._stop_reason
        usage = self._counts.total(
            sent_bytes=self._sent_bytes, received_bytes=self._parts.content_bytes
        )
        words = f"stop_reason {reason!r}" if reason else "-"
        if self._explanation:
            words += f": {self._explanation}"
        return self._parts.response(_STOPS.get(reason, "unknown"), usage, words)

    def _take(self, event: ServerEvent, deltas: list[ModelDelta]) -> None:
        # What an event is stands in its data too, and servers forget the name.
        if event.name == "error":
            raise COMPLAINTS.from_document(event.data)
        if event.data.strip() == DONE:
            return
        told = _decoded(event.data)
        if told is None:
            return
        match told.type:
            case "error":
                raise COMPLAINTS.from_document(event.data)
            case "message_start" if told.message is not None:
                consumption.take(self._counts, told.message.usage)
            case "message_delta":
                consumption.take(self._counts, told.usage)
                self._stop(told.delta)
            case "message_stop":
                self._is_done = True
            case _:
                deltas += self._take_piece(told, told.index or 0)

    def _take_piece(self, told: Event, index: int) -> list[ModelDelta]:
        match told.type:
            case "content_block_start" if told.content_block is not None:
                return self._blocks.start(index, told.content_block)
            case "content_block_delta" if told.delta is not None:
                return self._blocks.take(index, told.delta)
            case "content_block_stop":
                return self._blocks.stop(index)
            case _:
                return []  # a ping, or what nobody knows yet

    def _take_document(self, data: bytes) -> None:
        try:
            kind = _kinds.decode(data)
            message = _messages.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _no_message(error) from error
        if kind.type == "error" or message.error:
            raise COMPLAINTS.from_document(data)
        if message.content is None:
            raise COMPLAINTS.failed("malformed", f"no message: {data.decode()}")
        consumption.take(self._counts, message.usage)
        for index, block in enumerate(message.content):
            self._blocks.start(index, block)
        self._stop(message)
        # There is no marker in a whole document; its closing brace is one.
        self._is_done = True

    def _stop(self, told: Delta | Message | None) -> None:
        if told is None or not told.stop_reason:
            return
        self._stop_reason = told.stop_reason
        details = told.stop_details
        if isinstance(details, dict):
            said = (details.get("category"), details.get("explanation"))
            self._explanation = ", ".join(filter(None, map(text_of, said)))


def _decoded(data: bytes) -> Event | None:
    """Read an event; None where it has a shape that nobody knows yet."""
    try:
        return _events.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if _is_strange(data):
            return None
        raise _no_message(error) from error


def _is_strange(data: bytes) -> bool:
    try:
        return _kinds.decode(data).type not in KNOWN
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _no_message(error: Exception) -> ProviderError:
    return COMPLAINTS.failed("malformed", f"not a message: {error}")
