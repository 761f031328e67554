"""A step, as deltas and one response. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from podd.core.context.conversation import (
    ModelPart,
    ReasoningPart,
    TextPart,
    ToolCallPart,
)
from podd.core.context.request import ModelRequest
from podd.core.context.response import (
    ModelDelta,
    ModelResponse,
    ReasoningDelta,
    StopReason,
    TextDelta,
    ToolCallDelta,
)
from podd.providers.scripted.quotes import fill
from podd.providers.scripted.request import Cue
from podd.providers.scripted.script import Call, Step
from podd_protocol.values import Usage

#: As for a server that does not count: characters a token, on average.
CHARS_PER_TOKEN: Final = 4


@dataclass(frozen=True, slots=True)
class Performance:
    """A step with its quotes filled in."""

    step: Step
    text: str
    calls: tuple[ToolCallPart, ...]

    def deltas(self) -> Iterator[ModelDelta]:
        """Speak piece by piece, at the step's pace."""
        size = self.step.stream.chunk_chars
        for piece in _pieces(self.step.reasoning, size):
            yield ReasoningDelta(piece)
        for piece in _pieces(self.text, size):
            yield TextDelta(piece)
        for index, call in enumerate(self.calls):
            for piece in _pieces(call.arguments, size):
                yield ToolCallDelta(index, call.name, piece)

    def response(self, request: ModelRequest) -> ModelResponse:
        """Give the whole answer."""
        parts: list[ModelPart] = []
        if self.step.reasoning:
            parts.append(ReasoningPart(self.step.reasoning))
        if self.text:
            parts.append(TextPart(self.text))
        parts.extend(self.calls)
        usual: StopReason = "tool_use" if self.calls else "stop"
        return ModelResponse(
            parts=tuple(parts),
            stop_reason=self.step.stop_reason or usual,
            usage=self._usage(request),
        )

    def _usage(self, request: ModelRequest) -> Usage:
        if self.step.usage is not None:
            return self.step.usage.usage()
        said = len(self.step.reasoning) + len(self.text)
        said += sum(len(call.arguments) for call in self.calls)
        heard = len(request.surface.system) + len(msgspec.json.encode(request.items))
        return Usage(
            input_tokens=heard // CHARS_PER_TOKEN,
            output_tokens=said // CHARS_PER_TOKEN,
            requests=1,
            estimated=True,
        )


def perform(cue: Cue, request: ModelRequest) -> Performance:
    """Fill in the quotes.

    Where no tools are offered the calls are left out, as a model would leave them; a
    step without words then says which tools it wanted, so that it is not empty.

    Raises:
        KeyError: a quoted label has no result yet.
    """
    step = cue.step
    text = fill(step.text, cue.results)
    if request.tool_choice == "none":
        if not text:
            text = "(not called: " + ", ".join(call.tool for call in step.call) + ")"
        return Performance(step, text, ())
    calls = tuple(
        ToolCallPart(
            call="",
            name=call.tool,
            arguments=_arguments(call, cue.results),
            provider_call=f"call_{index}",
        )
        for index, call in enumerate(step.call)
    )
    return Performance(step, text, calls)


def _arguments(call: Call, results: Mapping[str, str]) -> str:
    if call.arguments_text is not None:
        return call.arguments_text
    return msgspec.json.encode(_filled(call.arguments or {}, results)).decode()


def _filled(value: Any, results: Mapping[str, str]) -> Any:  # noqa: ANN401  # TOML
    if isinstance(value, str):
        return fill(value, results)
    if isinstance(value, dict):
        return {key: _filled(inner, results) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, results) for inner in value]
    return value


def _pieces(text: str, size: int) -> Iterator[str]:
    for start in range(0, len(text), size):
        yield text[start : start + size]
