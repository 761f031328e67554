"""Arguments go back as an object, whatever a model wrote."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.providers.call_arguments import valid_arguments


@pytest.mark.parametrize("text", ['{"a": 1}', "{}", ' {"b": [1, {"c": null}]} '])
def test_valid_arguments_go_back_byte_for_byte(text):
    assert valid_arguments(text) == text


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_no_arguments_are_an_empty_object(text):
    assert valid_arguments(text) == "{}"


@pytest.mark.parametrize("text", ['{"a": ', "[1]", "7", '"x"', "null", "{'a': 1}", "}"])
def test_what_is_no_object_is_wrapped_and_kept(text):
    assert msgspec.json.decode(valid_arguments(text)) == {"invalid_arguments": text}


@given(st.text())
def test_whatever_a_model_wrote_goes_back_as_an_object(text):
    assert isinstance(msgspec.json.decode(valid_arguments(text)), dict)
