"""The one rule for whatever interrupts a turn, checked of entries and of requests."""

from __future__ import annotations

from collections import Counter

from podd.core.context.conversation import (
    ConversationItem,
    ModelItem,
    ToolCallPart,
    ToolResultItem,
)
from podd.core.session import entries as e
from podd.testing.harness import PodHarness


def of_kind(kind: type, entries: list) -> list:
    """Those that are of this kind."""
    return [entry for entry in entries if isinstance(entry, kind)]


def results(entries: list, turn: str = "t1") -> dict[str, str]:
    """The status of each call of a turn; each has one result, and none has two."""
    called = [
        part.call
        for entry in of_kind(e.ModelResponded, entries)
        for part in entry.parts
        if entry.turn == turn and isinstance(part, ToolCallPart)
    ]
    called += [one.call for one in of_kind(e.ToolCalled, entries) if one.turn == turn]
    ended = [one for one in of_kind(e.ToolResulted, entries) if one.turn == turn]
    assert Counter(called) == Counter(one.call for one in ended)
    return {one.call: one.status for one in ended}


def code_ends(entries: list, turn: str = "t1") -> list[str]:
    """How the code of a turn ended; each block did, once."""
    ended = [one for one in of_kind(e.CodeEnded, entries) if one.turn == turn]
    started = [one.step for one in of_kind(e.CodeStarted, entries) if one.turn == turn]
    assert [one.step for one in ended] == started
    return [one.status for one in ended]


def end_of(entries: list, turn: str = "t1") -> e.TurnEnded:
    """The one end of a turn; nothing of the turn stands behind it."""
    of_turn = [
        one
        for one in entries
        # These name a turn of the child.
        if getattr(one, "turn", "") == turn
        and not isinstance(one, e.ChildNews | e.TaskGiven)
    ]
    (ended,) = [one for one in of_turn if isinstance(one, e.TurnEnded)]
    assert of_turn[-1] is ended
    return ended


def assert_valid(items: tuple[ConversationItem, ...]) -> None:
    """Every call has its one result right behind the answer that asked for it."""
    rest = list(items)
    while rest:
        item = rest.pop(0)
        assert not isinstance(item, ToolResultItem), f"nobody asked for {item}"
        if isinstance(item, ModelItem):
            calls = [p.call for p in item.parts if isinstance(p, ToolCallPart)]
            results = rest[: len(calls)]
            assert [getattr(one, "call", None) for one in results] == calls
            del rest[: len(calls)]


def assert_requests_valid(pod: PodHarness) -> None:
    """Nothing that the model was asked in this pod would be refused by a server."""
    assert pod.model.requests
    for request in pod.model.requests:
        assert_valid(request.items)


def said_to_the_model(pod: PodHarness) -> list[str]:
    """The texts of the newest request, without what the model said itself."""
    items = pod.model.requests[-1].items
    return [item.text for item in items if not isinstance(item, ModelItem)]
