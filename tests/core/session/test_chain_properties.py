"""Whatever byte is flipped and wherever a chain is cut: it is found, at that line."""

from __future__ import annotations

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from podd.core.session.chain import GENESIS, ChainFault, check, seal, whole_line

_texts = st.lists(st.text(max_size=40), min_size=1, max_size=6)


def _chain(texts: list[str]) -> tuple[list[bytes], list[str]]:
    lines, digests = [], [GENESIS]
    for number, text in enumerate(texts, start=1):
        line, digest = seal(
            msgspec.json.encode({"n": number, "text": text}), digests[-1]
        )
        lines.append(line)
        digests.append(digest)
    return lines, digests


def _first_fault(data: bytes) -> int | None:
    """The line, from 1, at which following the chain ends in a fault."""
    previous = GENESIS
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        checked = check(line, previous)
        if isinstance(checked, ChainFault):
            return number
        previous = checked
    return None


@given(_texts)
def test_an_untouched_chain_holds(texts):
    lines, digests = _chain(texts)

    assert _first_fault(b"".join(lines)) is None
    assert check(lines[-1], digests[-2]) == digests[-1]


@given(_texts, st.data(), st.integers(1, 255))
def test_a_flipped_byte_is_found_at_its_line(texts, data, mask):
    lines, _ = _chain(texts)
    number = data.draw(st.integers(1, len(lines)))
    line = lines[number - 1]
    at = data.draw(st.integers(0, len(line) - 1))
    # Without its newline the last line stays whole: that is a torn tail, mended.
    assume(number < len(lines) or at < len(line) - 1)
    flipped = bytearray(line)
    flipped[at] ^= mask
    lines[number - 1] = bytes(flipped)

    assert _first_fault(b"".join(lines)) == number


@given(_texts, st.data())
def test_a_missing_line_is_found_where_it_is_missing(texts, data):
    assume(len(texts) > 1)
    lines, _ = _chain(texts)
    number = data.draw(st.integers(1, len(lines) - 1))
    del lines[number - 1]

    assert _first_fault(b"".join(lines)) == number


@given(_texts, st.data(), st.binary(max_size=30))
def test_a_cut_line_is_whole_exactly_from_its_closing_brace_on(texts, data, noise):
    lines, digests = _chain(texts)
    line, previous = lines[-1], digests[-2]
    cut = data.draw(st.integers(0, len(line) - 1))

    found = whole_line(line[:cut], previous)
    assert (found is not None) == (cut == len(line) - 1)

    kept = whole_line(line[:-1] + noise, previous)
    assert kept is not None
    assert (kept.length, kept.digest) == (len(line) - 1, digests[-1])
