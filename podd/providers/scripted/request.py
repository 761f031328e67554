"""Which step answers a request. Pure.

The script is played from its beginning over the conversation: each answer that stands
in it used up a step, chosen by the input that was the last one then. So the next step
depends on nothing but the request, and a restored pod goes on where it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from podd.core.context.conversation import (
    ModelItem,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.core.context.media import media_of
from podd.core.context.request import ModelRequest
from podd.providers.scripted.script import Script, Step
from podd_protocol.values import Media


@dataclass(frozen=True, slots=True)
class Cue:
    """The step whose turn it is, and what it may quote."""

    number: int
    """Of the step, from 1."""
    step: Step
    results: dict[str, str]
    """The latest result of each label."""


class ScriptPosition:
    """How far a conversation has come in a script."""

    __slots__ = ("_input", "_labels", "_results", "_script", "_used")

    def __init__(self, script: Script) -> None:
        self._script = script
        self._used = [0] * len(script.steps)
        self._input = ""
        self._labels: dict[str, str] = {}
        """Of the calls made so far."""
        self._results: dict[str, str] = {}

    def take(self, item: UserItem | ModelItem | ToolResultItem) -> None:
        """Go on by one item of the conversation."""
        match item:
            case UserItem(text, origin):
                # A notice is podd's own, in the middle of work that goes on.
                if origin != "notice":
                    self._input = _seen(text, media_of(item.parts))
            case ModelItem():
                self._use_up(item)
            case ToolResultItem(call=call, text=text):
                if (label := self._labels.get(call)) is not None:
                    self._results[label] = _seen(text, media_of(item.images))

    def cue(self) -> Cue | None:
        """Find the step that is next; None if there is none."""
        index = self._next()
        if index is None:
            return None
        return Cue(index + 1, self._script.steps[index], dict(self._results))

    def _next(self) -> int | None:
        """Find the first step that is not used up and fits the last input."""
        for index, step in enumerate(self._script.steps):
            is_left = step.repeat == "forever" or self._used[index] < step.repeat
            if is_left and (step.match is None or re.search(step.match, self._input)):
                return index
        return None

    def _use_up(self, item: ModelItem) -> None:
        index = self._next()
        if index is None:
            return
        self._used[index] += 1
        made = [part for part in item.parts if isinstance(part, ToolCallPart)]
        for part, call in zip(made, self._script.steps[index].call, strict=False):
            self._labels[part.call] = call.quoted_as


def _seen(text: str, media: list[Media]) -> str:
    """Write what a model sees as a script can match it: `[image image/png 68 bytes]`.

    Each picture and document is a line below the text.
    """
    lines = [
        f"[{one.type} {one.media_type} {one.bytes} bytes {one.name}{one.url}".rstrip()
        + "]"
        for one in media
    ]
    return "\n".join((text, *lines))


def cue_for(script: Script, request: ModelRequest) -> Cue | None:
    """Find the step that answers the request; None if the script has none left."""
    position = ScriptPosition(script)
    for item in request.items:
        position.take(item)
    return position.cue()
