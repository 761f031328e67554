"""The items of a conversation in a provider's words, each made once and kept.

A conversation only grows, and its items never change; what was encoded for one request
is what the next one begins with. So a request costs what is new in it, and joining.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from typing import Generic, TypeVar

from podd.core.context.conversation import ConversationItem

E = TypeVar("E")


class EncodedItems(Generic[E]):
    """What `encode` makes of each item."""

    __slots__ = ("_encode", "_encoded", "_items")

    def __init__(self, encode: Callable[[ConversationItem], E]) -> None:
        """Keep what `encode` gives; it is pure, and looks at nothing but the item."""
        self._encode = encode
        self._items: list[ConversationItem] = []
        self._encoded: list[E] = []

    def of(self, items: Sequence[ConversationItem]) -> Sequence[E]:
        """Give what each of these items is encoded as, in order.

        The list is ours: it is to be read before the next call, and not to be changed.
        """
        known = len(self._items)
        if known > len(items) or not all(map(is_, self._items, items)):
            # Another conversation: a rewind, a compaction. It is rare, so from anew.
            known = 0
            self._items.clear()
            self._encoded.clear()
        for item in items[known:]:
            # The item is kept, so that no other one takes its place in memory.
            self._encoded.append(self._encode(item))
            self._items.append(item)
        return self._encoded


def joined(head: bytes, pieces: Sequence[bytes], tail: bytes) -> bytes:
    """Join what is encoded, without what is empty, by commas, between two ends.

    A long body is copied once: its memory is new each time, and touching that is most
    of what a copy costs.
    """
    told = [*filter(None, pieces)]
    if not told:
        return head + tail
    told[0] = head + told[0]
    told[-1] += tail
    return b",".join(told)
