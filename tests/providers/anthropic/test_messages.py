"""Messages are joined as the API wants them, and marked where its cache can find them.

https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.providers.anthropic.messages import EncodedItem, joined

MARK = {"type": "ephemeral"}


def _block(**fields):
    return msgspec.json.encode(fields)


def _asked(text):
    return EncodedItem("user", _block(type="text", text=text))


def _said(text):
    return EncodedItem("assistant", _block(type="text", text=text))


def _result(call):
    block = _block(type="tool_result", tool_use_id=call)
    return EncodedItem("user", block, is_result=True)


NOTHING = EncodedItem("assistant", b"")


def _messages(*items):
    return msgspec.json.decode(joined(items))


def _roles(*items):
    return [message["role"] for message in _messages(*items)]


def _words(message):
    return [block.get("text", block.get("tool_use_id")) for block in message["content"]]


def _marks(*items):
    """Where the marks are: the number of the message, and of the block in it."""
    return [
        (number, place)
        for number, message in enumerate(_messages(*items))
        for place, block in enumerate(message["content"])
        if block.get("cache_control") == MARK
    ]


def test_results_of_one_step_and_what_follows_are_one_message():
    items = (_asked("a"), _said("b"), _result("1"), _result("2"), _asked("c"))

    assert _roles(*items) == ["user", "assistant", "user"]
    assert _words(_messages(*items)[2]) == ["1", "2", "c"]


def test_results_come_first_whatever_came_between():
    items = (_asked("a"), _said("b"), _asked("c"), _result("1"), _result("2"))

    assert _words(_messages(*items)[2]) == ["1", "2", "c"]


def test_what_says_nothing_is_no_message_and_parts_none():
    assert _roles(_asked("a"), NOTHING, _asked("b")) == ["user"]
    assert _roles(_asked("a"), _said("b"), EncodedItem("user", b""), _said("c")) == [
        "user",
        "assistant",
    ]
    assert joined([NOTHING]) == b"[]"


def test_the_end_of_the_conversation_is_marked_and_where_it_ended_before():
    turns = [item for n in range(5) for item in (_asked(f"a{n}"), _said(f"b{n}"))]

    assert _marks(_asked("a")) == [(0, 0)]
    assert _marks(*turns[:3]) == [(0, 0), (2, 0)]
    assert _marks(*turns[:9]) == [(4, 0), (6, 0), (8, 0)]


@pytest.mark.parametrize("many", [1, 12, 40])
def test_what_was_marked_is_marked_again_however_much_one_step_brings(many):
    calls = [_block(type="tool_use", id=str(n)) for n in range(many)]
    before = [_asked("a"), _said("b"), _asked("c")]
    step = [
        EncodedItem("assistant", b",".join(calls)),
        *(_result(str(n)) for n in range(many)),
    ]

    (_, (earlier, place)) = _marks(*before)
    # The server looks some 20 blocks back from each mark; here it need not look at all.
    assert (earlier, place) in _marks(*before, *step)
    assert _marks(*before, *step)[-1] == (4, many - 1)


def test_only_the_last_block_of_a_message_is_marked():
    assert _marks(_asked("a"), _said("b"), _result("1"), _asked("c")) == [
        (0, 0),
        (2, 1),
    ]


def test_an_answer_to_be_gone_on_with_is_not_marked():
    assert _marks(_asked("a"), _said("b")) == [(0, 0)]


ITEMS = st.lists(
    st.one_of(
        st.builds(_asked, st.text(min_size=1)),
        st.builds(_said, st.text(min_size=1)),
        st.builds(_result, st.text(min_size=1)),
        st.just(NOTHING),
    ),
    max_size=12,
)


@given(ITEMS)
def test_roles_alternate_and_nothing_is_lost(items):
    messages = _messages(*items)
    roles = [message["role"] for message in messages]

    assert all(one != other for one, other in itertools.pairwise(roles))
    assert sum(len(m["content"]) for m in messages) == sum(
        1 for item in items if item.blocks
    )
    assert len(_marks(*items)) == min(3, roles.count("user"))


@given(ITEMS, ITEMS)
def test_but_for_the_marks_what_was_sent_stays_as_it_was(items, more):
    mark = b',"cache_control":{"type":"ephemeral"}'
    # An answer stands between two requests.
    short = joined([*items, _asked("x")]).replace(mark, b"")
    long = joined([*items, _asked("x"), _said("y"), *more]).replace(mark, b"")

    assert long.startswith(short[:-1])
