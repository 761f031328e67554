"""What was encoded once is not encoded again, and never for another conversation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.core.context.conversation import ToolResultItem, UserItem
from podd.providers.encoded_items import EncodedItems, JoinedItems, joined


def test_each_item_is_encoded_once_however_often_it_is_sent():
    made = []

    def encode(item):
        made.append(item.text)
        return item.text

    kept = EncodedItems(encode)
    items = [UserItem("a"), UserItem("b")]
    for _ in range(3):
        items.append(UserItem(f"{len(items)}"))
        assert list(kept.of(tuple(items))) == [item.text for item in items]
    assert made == [item.text for item in items]


@given(st.lists(st.lists(st.sampled_from(range(4)), max_size=6), max_size=6))
def test_whatever_was_sent_before_what_is_given_is_of_these_items(conversations):
    pool = [UserItem(str(number)) for number in range(4)]
    kept = EncodedItems(lambda item: item.text)

    for numbers in conversations:
        assert list(kept.of([pool[n] for n in numbers])) == [str(n) for n in numbers]


def test_an_equal_item_is_not_taken_for_the_same():
    """Two items may be equal and stand for two facts; only the same one is kept."""
    kept = EncodedItems(id)
    first, second = UserItem("a"), UserItem("a")

    assert list(kept.of([first])) == [id(first)]
    assert list(kept.of([second])) == [id(second)]


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ([], b"[]"),
        ([b"", b""], b"[]"),
        ([b"1"], b"[1]"),
        ([b"", b"1", b"", b"2", b"3", b""], b"[1,2,3]"),
    ],
)
def test_pieces_are_joined_between_two_ends_and_stay_as_they_are(pieces, whole):
    before = list(pieces)

    assert joined(b"[", pieces, b"]") == whole
    assert pieces == before


def _result(name):
    return ToolResultItem(name, "look", "ok", name)


def _written(items, kept):
    return joined(b"[", kept.of(items), b"]").decode()


def test_what_follows_results_stands_behind_the_last_of_them_and_once():
    kept = JoinedItems(
        lambda item: getattr(item, "text", "").encode(),
        lambda item: b"" if item.call == "b" else f"{item.call}'".encode(),
    )
    items = [UserItem("u"), _result("a"), _result("b"), _result("c")]

    assert _written(items, kept) == "[u,a,b,c,a',c']"
    items.append(_result("d"))
    assert _written(items, kept) == "[u,a,b,c,d,a',c',d']"
    items.append(UserItem(""))
    assert _written(items, kept) == "[u,a,b,c,d,a',c',d']"
    items.append(UserItem("v"))
    assert _written(items, kept) == "[u,a,b,c,d,a',c',d',v]"
    assert _written(items[:2], kept) == "[u,a,a']", "another conversation"


@given(st.lists(st.lists(st.sampled_from(range(5)), max_size=6), max_size=6))
def test_kept_joined_is_what_would_be_joined(conversations):
    pool = [*(UserItem(str(number)) for number in range(3)), UserItem(""), _result("r")]

    def encode(item):
        return item.text.encode()

    kept = JoinedItems(encode)
    for numbers in conversations:
        items = [pool[number] for number in numbers]
        assert (
            _written(items, kept) == joined(b"[", [*map(encode, items)], b"]").decode()
        )
