"""What a model writes as arguments, and what of it counts."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.core.context.arguments import DEEPEST, ArgumentsFault, decode

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def _nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


@given(st.dictionaries(st.text(), _json, max_size=4))
def test_an_object_is_read_as_it_was_meant(value):
    assert decode(json.dumps(value, ensure_ascii=False)) == value


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_nothing_at_all_is_an_empty_object(text):
    assert decode(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        '{"a":',
        "{",
        "}",
        "{}}",
        "{'a': 1}",
        '{"a":1,}',
        '{"a":NaN}',
        '{"a":1e999}',
        '{"a":"\ud800"}',
        "\0",
        "[]",
        "null",
        '"{}"',
        "7",
    ],
)
def test_anything_but_one_object_is_a_fault(text):
    assert isinstance(decode(text), ArgumentsFault)


@given(st.text())
def test_no_text_whatever_is_an_error(text):
    assert isinstance(decode(text), dict | ArgumentsFault)


def test_the_depth_has_a_limit():
    assert isinstance(decode(_nested(DEEPEST)), dict)
    assert isinstance(decode(_nested(DEEPEST + 1)), ArgumentsFault)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        '{"a":[' * 100_000,
        '{"a":"' + '\\"[' * 50_000,
        _nested(200_000),
    ],
    ids=["brackets", "mixed", "open string", "whole"],
)
def test_a_text_without_bottom_is_a_fault_however_deep_the_stack_is(text):
    def from_deeper(levels: int):
        return decode(text) if levels == 0 else from_deeper(levels - 1)

    assert isinstance(decode(text), ArgumentsFault)
    assert isinstance(from_deeper(sys.getrecursionlimit() // 3), ArgumentsFault)


@pytest.mark.parametrize("bracket", ["[", "{", "]", '\\"[', "\\\\"])
def test_brackets_in_strings_are_text(bracket):
    text = f'{{"a":"{bracket * (DEEPEST * 3)}"}}'

    assert decode(text) == json.loads(text)


def test_many_objects_beside_each_other_are_not_deep():
    many = {"a": [{"b": [n]} for n in range(DEEPEST * 5)]}

    assert decode(json.dumps(many)) == many
