from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podd.prompts.excerpt import GAP, Excerpt, excerpt


def test_what_fits_stays_as_it_is() -> None:
    assert excerpt("", 4) == Excerpt("", 0)
    assert excerpt("1234", 4) == Excerpt("1234", 0)


def test_head_and_tail_stay_and_what_is_left_out_is_counted() -> None:
    assert excerpt("12345", 4) == Excerpt(f"12{GAP}45", 1)
    assert excerpt("head" + "-" * 100 + "tail", 8) == Excerpt(f"head{GAP}tail", 100)
    assert excerpt("12345", 3) == Excerpt(f"1{GAP}45", 2)


@given(st.text(), st.integers(1, 50))
def test_nothing_is_lost_or_said_twice(text: str, room: int) -> None:
    found = excerpt(text, room)
    shown = len(found.text) - (len(GAP) if found.left_out else 0)
    assert shown == min(len(text), room)
    assert shown + found.left_out == len(text)
