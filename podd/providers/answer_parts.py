"""The parts of one answer, put together from pieces in their order. Pure.

What every provider's decoder does once it has understood an event: text goes to the
part that is open, another kind of piece opens another part, no two calls keep one id,
and an answer that says nothing is none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import UNSET

from podd.core.context.conversation import (
    ModelPart,
    ReasoningPart,
    TextPart,
    ToolCallPart,
)
from podd.core.context.response import (
    ModelResponse,
    ReasoningDelta,
    StopReason,
    TextDelta,
    ToolCallDelta,
)
from podd.errors import ProviderError, ProviderFault
from podd_protocol.values import Usage


@dataclass(slots=True)
class OpenText:
    """Prose that is still being told."""

    pieces: list[str] = field(default_factory=list)


@dataclass(slots=True)
class OpenReasoning:
    """Thought that is still being told."""

    pieces: list[str] = field(default_factory=list)
    replay: str | None = None


@dataclass(slots=True)
class OpenCall:
    """A call that is still being told."""

    position: int
    """Among the calls of this response, from 0."""
    id: str = ""
    """The provider's; empty where it gives none."""
    name: str = ""
    pieces: list[str] = field(default_factory=list)

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)


class AnswerParts:
    """All parts of one response."""

    __slots__ = ("_is_closed", "_parts", "_provider", "calls", "content_bytes")

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._parts: list[OpenText | OpenReasoning | OpenCall] = []
        self._is_closed = True
        self.calls: list[OpenCall] = []
        self.content_bytes = 0
        """What was said so far, for servers that do not count."""

    def text(self, piece: str) -> TextDelta:
        """Add prose; it must not be empty."""
        last = self._parts[-1] if self._parts else None
        if self._is_closed or not isinstance(last, OpenText):
            last = OpenText()
            self._open(last)
        last.pieces.append(piece)
        self.content_bytes += len(piece.encode())
        return TextDelta(piece)

    def reasoning(self, piece: str) -> ReasoningDelta:
        """Add thought; it must not be empty."""
        self._reasoning().pieces.append(piece)
        self.content_bytes += len(piece.encode())
        return ReasoningDelta(piece)

    def replay(self, data: str) -> None:
        """Say what the provider needs to see again with this thought.

        Ends the thought. Where none is open it is one without words: so a provider that
        signs other parts has its signature in front of the part that it belongs to.
        """
        self._reasoning().replay = data
        self.close()

    def call(self, identity: str = "", name: str = "") -> OpenCall:
        """Open a call."""
        call = OpenCall(len(self.calls), identity, name)
        self.calls.append(call)
        self._open(call)
        self.close()
        return call

    def arguments(self, call: OpenCall, piece: str) -> ToolCallDelta:
        """Add arguments, as text; an empty piece tells the call's name alone."""
        if piece:
            call.pieces.append(piece)
            self.content_bytes += len(piece.encode())
        return ToolCallDelta(call.position, call.name, piece)

    def close(self) -> None:
        """End the open part: what comes is another one, even of the same kind."""
        self._is_closed = True

    def response(self, stop: StopReason, usage: Usage, words: str) -> ModelResponse:
        """Give the whole answer.

        Args:
            stop: why it ended; `stop` and `unknown` become `tool_use` where there are
                calls, as many servers say so.
            usage: what it used.
            words: how the provider put that it ended, for the error.

        Raises:
            ProviderError: it says nothing, or a call has no name.
        """
        if self.calls and stop in {"stop", "unknown"}:
            stop = "tool_use"
        if any(not call.name for call in self.calls):
            raise self._failed("malformed", "a tool call without a name")
        cut_short = {"output_limit", "context_overflow"}
        if not self._says_something() and stop not in cut_short:
            fault: ProviderFault = (
                "content_filter" if stop == "content_filter" else "empty_response"
            )
            raise self._failed(fault, f"no text and no tool call ({words})")
        # A call without arguments takes none; but one that a limit cut off must not
        # look as if it were complete.
        empty = "" if stop in cut_short else "{}"
        ids = self._ids()
        parts = tuple(self._finished(part, ids, empty) for part in self._parts)
        return ModelResponse(parts=parts, stop_reason=stop, usage=usage)

    def _reasoning(self) -> OpenReasoning:
        last = self._parts[-1] if self._parts else None
        if self._is_closed or not isinstance(last, OpenReasoning):
            last = OpenReasoning()
            self._open(last)
        return last

    def _open(self, part: OpenText | OpenReasoning | OpenCall) -> None:
        self._parts.append(part)
        self._is_closed = False

    def _says_something(self) -> bool:
        return bool(self.calls) or any(
            isinstance(part, OpenText) and any(piece.strip() for piece in part.pieces)
            for part in self._parts
        )

    def _ids(self) -> list[str]:
        """The provider's ids; empty where it gave none, or one that is taken."""
        ids: list[str] = []
        for call in self.calls:
            ids.append("" if call.id in ids else call.id)
        return ids

    def _finished(
        self, part: OpenText | OpenReasoning | OpenCall, ids: list[str], empty: str
    ) -> ModelPart:
        match part:
            case OpenText():
                return TextPart("".join(part.pieces))
            case OpenReasoning():
                by = UNSET if part.replay is None else self._provider
                return ReasoningPart("".join(part.pieces), part.replay, by)
            case OpenCall():
                return ToolCallPart(
                    call="",
                    name=part.name,
                    arguments=part.arguments or empty,
                    provider_call=ids[part.position],
                )

    def _failed(self, fault: ProviderFault, message: str) -> ProviderError:
        return ProviderError(fault=fault, message=message, provider=self._provider)
