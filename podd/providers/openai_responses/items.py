"""The items of one answer, put together from events in any order. Pure.

An item is told four times over: by its deltas, by the end of each part, by its own end,
and by the end of the response. What was told before is not told again; what was never
told is taken from whoever tells it first. Items stand in the order in which they came
up, and so do the parts of each; the end of the response may say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from podd.core.context.response import (
    ModelDelta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from podd.providers.answer_parts import AnswerParts
from podd.providers.openai_responses import replay
from podd.providers.openai_responses.events import (
    Item,
    arguments_of,
    string,
    texts_of,
)

Kind = Literal["message", "reasoning", "function_call", "other"]
"""other: what we asked for none of, such as a search on the server's side."""

PartKind = Literal["text", "summary", "thought", "arguments"]
PartKey = tuple[PartKind, int]

_KINDS: Final[dict[PartKind, Kind]] = {
    "text": "message",
    "summary": "reasoning",
    "thought": "reasoning",
    "arguments": "function_call",
}
_KNOWN: Final[tuple[Kind, ...]] = ("message", "reasoning", "function_call")
#: Between the parts of one thought: each is a paragraph, or several.
_PARAGRAPH: Final = "\n\n"


@dataclass(slots=True, eq=False)
class OpenItem:
    """An item that is still being told."""

    kind: Kind
    position: int
    """Of a call, among the calls of this response, from 0."""
    is_announced: bool = False
    parts: dict[PartKey, list[str]] = field(default_factory=dict)
    call: str = ""
    name: str = ""
    phase: str = ""
    sealed: str = ""
    summary: list[Any] = field(default_factory=list)

    def said(self, kind: PartKind) -> list[str]:
        """Give what each part of this kind says so far."""
        return ["".join(p) for (of, _), p in self.parts.items() if of == kind]


class OpenItems:
    """All items of one response."""

    __slots__ = ("_by_index", "_calls", "_items", "_last")

    def __init__(self) -> None:
        self._items: list[OpenItem] = []
        self._by_index: dict[int, OpenItem] = {}
        self._last = 0
        self._calls = 0

    def begin(self, index: int | None, item: Item) -> Iterator[ModelDelta]:
        """Take the announcement of an item; its content is yet to come."""
        index = self._last if index is None else index
        known = self._by_index.get(index)
        if known is None or known.is_announced or known.kind != _kind(item):
            # Some servers give all items the same index; one announced is another one.
            known = self._open(index, _kind(item))
        known.is_announced = True
        self._last = index
        yield from _name(known, item)

    def piece(
        self, index: int | None, key: PartKey, piece: str
    ) -> Iterator[ModelDelta]:
        """Take more of a part."""
        if piece:
            yield _tell(self._find(index, _KINDS[key[0]]), key, piece)

    def whole(self, index: int | None, key: PartKey, text: str) -> Iterator[ModelDelta]:
        """Take all of a part, of which some or all may be known."""
        item = self._find(index, _KINDS[key[0]])
        if missing := _missing("".join(item.parts.get(key, ())), text):
            yield _tell(item, key, missing)

    def end(self, index: int | None, item: Item) -> Iterator[ModelDelta]:
        """Take a whole item, of which some or all may be known."""
        yield from _complete(self._find(index, _kind(item)), item)

    def end_all(self, output: Sequence[Item]) -> Iterator[ModelDelta]:
        """Take all items, of which some or all may be known.

        What is known is found by its kind, by the id of a call, else by its turn: other
        ids and indices are not the same everywhere. The order is the one that stands
        here.
        """
        known = list(self._items)
        ordered: list[OpenItem] = []
        for place, item in enumerate(output):
            kind = _kind(item)
            alike = [one for one in known if one.kind == kind]
            named = (one for one in alike if one.call == string(item.call_id))
            found = next(named, alike[0] if alike else None)
            if found is None:
                found = self._open(place, kind)
            else:
                known.remove(found)
            ordered.append(found)
            yield from _complete(found, item)
        if not known:
            self._items = ordered

    def write(self, parts: AnswerParts) -> None:
        """Hand everything over, in order."""
        for item in self._items:
            parts.close()
            match item.kind:
                case "message":
                    _write_message(item, parts)
                case "reasoning":
                    _write_thought(item, parts)
                case "function_call":
                    call = parts.call(item.call, item.name)
                    parts.arguments(call, "".join(item.said("arguments")))
                case "other":
                    pass

    def _find(self, index: int | None, kind: Kind) -> OpenItem:
        index = self._last if index is None else index
        self._last = index
        known = self._by_index.get(index)
        return known if known and known.kind == kind else self._open(index, kind)

    def _open(self, index: int, kind: Kind) -> OpenItem:
        item = OpenItem(kind, self._calls)
        self._calls += kind == "function_call"
        self._items.append(item)
        self._by_index[index] = item
        return item


def _kind(item: Item) -> Kind:
    return next((kind for kind in _KNOWN if kind == item.type), "other")


def _name(known: OpenItem, item: Item) -> Iterator[ModelDelta]:
    """Take what is not told in pieces."""
    known.phase = string(item.phase) or known.phase
    known.call = known.call or string(item.call_id)
    if known.kind == "function_call" and not known.name and string(item.name):
        known.name = item.name
        yield ToolCallDelta(known.position, known.name, "")


def _complete(known: OpenItem, item: Item) -> Iterator[ModelDelta]:
    yield from _name(known, item)
    match known.kind:
        case "message":
            yield from _settle(known, "text", texts_of(item.content))
        case "reasoning":
            known.sealed = string(item.encrypted_content) or known.sealed
            if isinstance(item.summary, list):
                known.summary = item.summary
            yield from _settle(known, "summary", texts_of(item.summary))
            yield from _settle(known, "thought", texts_of(item.content))
        case "function_call":
            yield from _settle(known, "arguments", [arguments_of(item.arguments)])
        case "other":
            pass


def _settle(known: OpenItem, kind: PartKind, texts: list[str]) -> Iterator[ModelDelta]:
    if "".join(known.said(kind)) == "".join(texts):
        return  # also where the parts were counted in another way before
    for number, text in enumerate(texts):
        key = (kind, number)
        if missing := _missing("".join(known.parts.get(key, ())), text):
            yield _tell(known, key, missing)


def _missing(told: str, whole: str) -> str:
    """Find what is still to be told; nothing where the two contradict each other."""
    return whole[len(told) :] if whole.startswith(told) else ""


def _tell(item: OpenItem, key: PartKey, piece: str) -> ModelDelta:
    kind = key[0]
    begins = key not in item.parts
    is_later = begins and bool(item.parts)
    item.parts.setdefault(key, []).append(piece)
    match kind:
        case "text":
            return TextDelta(piece)
        case "arguments":
            return ToolCallDelta(item.position, item.name, piece)
        case "summary" | "thought":
            return ReasoningDelta(_PARAGRAPH + piece if is_later else piece)


def _write_message(item: OpenItem, parts: AnswerParts) -> None:
    texts = [text for text in item.said("text") if text]
    if texts and item.phase:
        parts.replay(replay.write(replay.SpokenPhase(item.phase)))
    for text in texts:
        parts.close()
        parts.text(text)


def _write_thought(item: OpenItem, parts: AnswerParts) -> None:
    if text := _PARAGRAPH.join("".join(pieces) for pieces in item.parts.values()):
        parts.reasoning(text)
    if item.sealed:
        sealed = replay.SealedThought(item.sealed, item.summary)
        parts.replay(replay.write(sealed))
