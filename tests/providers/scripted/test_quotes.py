from __future__ import annotations

import pytest

from podd.providers.scripted.quotes import (
    NOTHING,
    BadQuoteError,
    Quote,
    fill,
    quotes_in,
)

RESULTS = {"readme": "Read 4 lines.\n# podd\nver 1.2\n{{result other}}", "other": "x"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("no quote", "no quote"),
        ("{{result other}}", "x"),
        ("a {{ result other }} b", "a {{ result other }} b"),
        ("<{{result other}}{{result other}}>", "<xx>"),
        ("{{result readme | lines 1}}", "Read 4 lines."),
        ("{{result readme|lines 2-3}}", "# podd\nver 1.2"),
        ("{{result readme | lines 3-}}", "ver 1.2\n{{result other}}"),
        ("{{result readme | lines 9}}", NOTHING),
        (r"{{result readme | find \d\.\d}}", "1.2"),
        (r"{{result readme | find ver (\S+)}}", "1.2"),
        (r"{{result readme | find ^# .*$}}", "# podd"),
        (r"{{result readme | find \d{2}}}", NOTHING),
        (r"{{result readme | find Read|ver}}", "Read"),
        (r"{{result readme | find nowhere}}", NOTHING),
        (r"{{result readme | count [aeiou]}}", "10"),
        (r"{{result readme | lines 1-2 | count e}}", "2"),
        ("{{results}} {{x}} {{", "{{results}} {{x}} {{"),
    ],
)
def test_a_quote_becomes_what_it_names(text, filled):
    assert fill(text, RESULTS) == filled


def test_what_a_quote_brings_in_is_not_read_again():
    assert fill("{{result readme | lines 4}}", RESULTS) == "{{result other}}"


def test_a_label_without_a_result_is_told():
    with pytest.raises(KeyError) as caught:
        fill("{{result nobody}}", RESULTS)

    assert caught.value.args == ("nobody",)


@pytest.mark.parametrize(
    "text",
    [
        "{{result}}",
        "{{result a b}}",
        "{{result a | upper}}",
        "{{result a | lines}}",
        "{{result a | lines 0}}",
        "{{result a | lines x}}",
        "{{result a | find (}}",
        "{{result a | find}}",
        "{{result a | count [}}",
    ],
)
def test_a_quote_that_cannot_be_read_is_refused(text):
    with pytest.raises(BadQuoteError):
        list(quotes_in(text))


def test_all_quotes_are_found():
    assert list(quotes_in("{{result a}} {{result b}}")) == [Quote("a"), Quote("b")]
