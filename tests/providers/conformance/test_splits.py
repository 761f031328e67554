"""A stream decodes to the same however its bytes are cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.context.response import ModelResponse, ReasoningDelta, TextDelta
from tests.providers.conformance.dialect import Dialect, Said
from tests.providers.conformance.dialects import DIALECTS

SAID = Said(
    (
        ReasoningPart("Hm, é."),
        TextPart("日本 🦭"),
        ToolCallPart("", "read_file", '{"path":"é\\n"}', "call_a"),
        ToolCallPart("", "look", "{}", "call_b"),
    ),
    "tool_use",
)


def _heard(dialect: Dialect, pieces) -> tuple[str, str, ModelResponse]:
    """What was told, whatever it was cut into, and the response."""
    decoder = dialect.decoder()
    deltas = [delta for piece in pieces for delta in decoder.feed(piece)]
    return (
        "".join(d.text for d in deltas if isinstance(d, TextDelta)),
        "".join(d.text for d in deltas if isinstance(d, ReasoningDelta)),
        decoder.finish(),
    )


def _body(dialect: Dialect) -> bytes:
    return b"".join([*dialect.strange(), *dialect.pieces(SAID)])


def _is_lines(dialect: Dialect) -> bool:
    return _body(dialect).startswith((b":", b"data", b"event"))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_all_cuts_in_two_give_the_same(dialect: Dialect) -> None:
    _try_all_cuts(dialect, _body(dialect))


@pytest.mark.parametrize(
    "dialect", list(filter(_is_lines, DIALECTS)), ids=lambda dialect: dialect.name
)
@pytest.mark.parametrize("ends", [b"\r\n", b"\r"])
def test_lines_may_end_as_they_like(dialect: Dialect, ends: bytes) -> None:
    lines = _body(dialect).replace(b"\r\n", b"\n").replace(b"\n", ends)
    _try_all_cuts(dialect, b"\xef\xbb\xbf" + lines)


def _try_all_cuts(dialect: Dialect, body: bytes) -> None:
    expected = _heard(dialect, [body])

    for cut in range(1, len(body)):
        assert _heard(dialect, [body[:cut], body[cut:]]) == expected
    assert _heard(dialect, [bytes([byte]) for byte in body]) == expected


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@given(data=st.data())
def test_any_cuts_give_the_same(dialect: Dialect, data: st.DataObject) -> None:
    body = _body(dialect)
    cuts = data.draw(st.sets(st.integers(1, len(body) - 1), max_size=20))
    edges = [0, *sorted(cuts), len(body)]

    pieces = [body[start:end] for start, end in itertools.pairwise(edges)]

    assert _heard(dialect, pieces) == _heard(dialect, [body])
