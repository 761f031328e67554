"""What Cohere's answers look like on the wire, as tolerantly as can be told apart.

Fields that may come in different shapes are `Any`, and read where they are used.
"""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

import msgspec

EventType = Literal[
    "content-start",
    "content-delta",
    "content-end",
    "tool-plan-delta",
    "tool-call-start",
    "tool-call-delta",
    "tool-call-end",
    "message-end",
]
"""Those that say something; all others (message-start, citations, debug) do not."""

TELLING: Final[frozenset[str]] = frozenset(get_args(EventType))


class Function(msgspec.Struct, frozen=True):
    """A function's name and arguments, or a piece of them."""

    name: str | None = None
    arguments: Any = None


class Call(msgspec.Struct, frozen=True):
    """A tool call, or a piece of one."""

    id: str | None = None
    function: Function | None = None


class Content(msgspec.Struct, frozen=True):
    """A block of what was said or thought, or a piece of one."""

    text: str | None = None
    thinking: str | None = None


class Message(msgspec.Struct, frozen=True):
    """A message, or what is new in it."""

    content: Content | list[Content] | str | None = None
    """One block in an event, all of them in a whole answer."""
    tool_plan: str | None = None
    tool_calls: Call | list[Call] | None = None
    """One call in an event, all of them in a whole answer."""

    @property
    def blocks(self) -> list[Content]:
        """What was said and thought, in order."""
        match self.content:
            case None:
                return []
            case str(text):
                return [Content(text=text)]
            case Content() as block:
                return [block]
            case blocks:
                return blocks

    @property
    def calls(self) -> list[Call]:
        """The calls, in order."""
        match self.tool_calls:
            case None:
                return []
            case Call() as call:
                return [call]
            case calls:
                return calls


class Delta(msgspec.Struct, frozen=True):
    """What an event says."""

    message: Message | None = None
    finish_reason: str | None = None
    error: Any = None
    usage: Any = None


class Event(msgspec.Struct, frozen=True):
    """One event of a stream."""

    type: str = ""
    index: int | None = None
    delta: Delta | None = None
    message: Any = None
    """Words, where something went wrong."""


class Head(msgspec.Struct, frozen=True):
    """As much of an event as every one has."""

    type: str = ""


class Document(msgspec.Struct, frozen=True):
    """A whole answer."""

    error: Any = None
    message: Message | str | None = None
    """Words, where something went wrong."""
    finish_reason: str | None = None
    usage: Any = None


events: Final = msgspec.json.Decoder(Event)
heads: Final = msgspec.json.Decoder(Head)
documents: Final = msgspec.json.Decoder(Document)


def text_of(arguments: Any) -> str:  # noqa: ANN401  # read from a foreign document
    """Read arguments that are text, or the object itself."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else msgspec.json.encode(arguments).decode()
