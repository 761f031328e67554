"""The items of a conversation in a provider's words, each made once and kept.

A conversation only grows, and its items never change; what was encoded for one request
is what the next one begins with. So a request costs what is new in it, and joining.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from typing import Generic, TypeVar

from podd.core.context.conversation import ConversationItem, ToolResultItem

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
        if not _go_on(self._items, items):
            self._items.clear()
            self._encoded.clear()
        for item in items[len(self._items) :]:
            # The item is kept, so that no other one takes its place in memory.
            self._encoded.append(self._encode(item))
            self._items.append(item)
        return self._encoded


class JoinedItems:
    """The same where items only have to be joined by commas: they are kept joined."""

    __slots__ = ("_encode", "_following", "_items", "_joined", "_waiting")

    def __init__(
        self,
        encode: Callable[[ConversationItem], bytes],
        following: Callable[[ToolResultItem], bytes] | None = None,
    ) -> None:
        """Keep what is written.

        Args:
            encode: writes an item; empty where nothing is sent.
            following: writes what stands behind the last of the results that a result
                is among; empty where there is no such thing.
        """
        self._encode = encode
        self._following = following
        self._items: list[ConversationItem] = []
        self._joined = bytearray()
        self._waiting: list[bytes] = []

    def of(self, items: Sequence[ConversationItem]) -> Sequence[bytes | bytearray]:
        """Give what these items are written as, in pieces for `joined`.

        They are ours: to be read before the next call, and not to be changed.
        """
        if not _go_on(self._items, items):
            self._items.clear()
            self._joined.clear()
            self._waiting.clear()
        for item in items[len(self._items) :]:
            written = self._encode(item)
            if isinstance(item, ToolResultItem):
                self._add(written)
                if self._following is not None:
                    self._waiting.append(self._following(item))
            else:
                for piece in (*self._waiting, written):
                    self._add(piece)
                self._waiting.clear()
            self._items.append(item)
        return (self._joined, *self._waiting)

    def _add(self, piece: bytes) -> None:
        if piece:
            self._joined += b"," + piece if self._joined else piece


def joined(head: bytes, pieces: Sequence[bytes | bytearray], tail: bytes) -> bytes:
    """Join what is encoded, without what is empty, by commas, between two ends.

    A long body is copied once: its memory is new each time, and touching that is most
    of what a copy costs.
    """
    told: list[bytes | bytearray] = [piece for piece in pieces if piece]
    with_commas: list[bytes | bytearray] = [b","] * max(2 * len(told) - 1, 0)
    with_commas[::2] = told
    return b"".join((head, *with_commas, tail))


def _go_on(
    known: Sequence[ConversationItem], items: Sequence[ConversationItem]
) -> bool:
    """Whether these items begin with the known ones.

    If not it is another conversation: a rewind, a compaction. It is rare, so everything
    is made from anew.
    """
    return len(known) <= len(items) and all(map(is_, known, items))
