"""A request's digest changes with what the model would see, and with nothing else."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from podd.core.context import digest
from podd.core.context.conversation import (
    ModelItem,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.core.context.request import Sampling, Surface, ToolSpec

_items = st.one_of(
    st.builds(UserItem, st.text(max_size=5)),
    st.builds(
        lambda text: ModelItem((TextPart(text), ToolCallPart("c", "n", text))),
        st.text(max_size=5),
    ),
    st.builds(lambda text: ToolResultItem("c", "n", "ok", text), st.text(max_size=5)),
)


def _chain(items) -> str:
    chain = digest.EMPTY
    for item in items:
        chain = digest.extend(chain, item)
    return chain


@given(st.lists(_items, max_size=6), st.lists(_items, max_size=6))
def test_two_conversations_have_one_digest_only_if_they_are_one(first, second):
    assert (_chain(first) == _chain(second)) == (first == second)


@given(st.lists(_items, min_size=1, max_size=6))
def test_a_longer_conversation_has_another_digest(items):
    assert _chain(items) != _chain(items[:-1])


def test_the_digest_is_that_of_the_chain_and_the_item_as_json():
    """Written out: a restored pod of another version must find the same."""
    line = b'{"role":"user","text":"hi","origin":"user"}'

    assert digest.extend(digest.EMPTY, UserItem("hi")) == (
        hashlib.sha256(b"0" * 64 + line).hexdigest()
    )


def test_every_part_of_a_surface_counts():
    tool = ToolSpec("glob", "Finds.", {"type": "object"})
    surfaces = [
        Surface("m", "s", (tool,)),
        Surface("n", "s", (tool,)),
        Surface("m", "t", (tool,)),
        Surface("m", "s", ()),
        Surface("m", "s", (tool, tool)),
        Surface("m", "s", (ToolSpec("glob", "Finds.", {"type": "array"}),)),
        Surface("m", "s", (ToolSpec("glob", "Seeks.", {"type": "object"}),)),
        Surface("m", "s", (tool,), Sampling(temperature=0.0)),
        Surface("m", "s", (tool,), Sampling(effort="low")),
    ]

    assert len(set(map(digest.of_surface, surfaces))) == len(surfaces)


def test_a_request_with_tools_is_another_than_without():
    asked = {
        digest.of_request(surface, chain, offer_tools=offer)
        for surface in "ab"
        for chain in "ab"
        for offer in (True, False)
    }

    assert len(asked) == 8
