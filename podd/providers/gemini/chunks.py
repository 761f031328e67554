"""What a `GenerateContentResponse` looks like on the wire: one event, or all of it.

https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse
"""

from __future__ import annotations

from typing import Any

import msgspec


class FunctionCall(msgspec.Struct, frozen=True, rename="camel"):
    """A call, or a piece of one."""

    id: str | None = None
    name: str | None = None
    args: msgspec.Raw = msgspec.Raw()
    """An object, as it was written; empty where there is none."""
    partial_args: list[dict[str, Any]] | None = None
    """Pieces of it; Vertex AI sends them where it is asked to."""
    will_continue: bool | None = None


class Part(msgspec.Struct, frozen=True, rename="camel"):
    """A piece of an answer. What else it may hold is made by tools of the server's."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: FunctionCall | None = None


class Content(msgspec.Struct, frozen=True):
    """What is new of an answer."""

    parts: list[Part] | None = None


class Candidate(msgspec.Struct, frozen=True, rename="camel"):
    """One of the answers; we ask for one."""

    index: int | None = None
    content: Content | None = None
    finish_reason: str | None = None
    finish_message: str | None = None


class PromptFeedback(msgspec.Struct, frozen=True, rename="camel"):
    """What was found in the prompt."""

    block_reason: str | None = None
    block_reason_message: str | None = None


class Chunk(msgspec.Struct, frozen=True, rename="camel"):
    """One event of a stream, or a whole answer."""

    candidates: list[Candidate] | None = None
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: Any = None
    error: Any = None
