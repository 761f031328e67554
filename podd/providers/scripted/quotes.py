"""Quotes of earlier results in a script's texts. Pure.

A quote is `{{result LABEL}}`, with filters behind it: `| lines 2-5`, `| find REGEX`,
`| count REGEX`. Nothing in it is evaluated, and what it brings in is not read again, so
a file that holds such a text is quoted as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

#: Ends at the last of a run of braces, so that a regex may end in one.
_QUOTE: Final = re.compile(r"\{\{result\b(.*?)\}\}(?!\})", re.DOTALL)
_BAR: Final = re.compile(r"\s*\|\s*(?=(?:lines|find|count)\b)")
_LABEL: Final = re.compile(r"[A-Za-z0-9._-]+")
_RANGE: Final = re.compile(r"(\d+)(?:-(\d+)?)?")

#: What stands where a filter found nothing.
NOTHING: Final = "(nothing)"


class BadQuoteError(ValueError):
    """A quote that cannot be read."""


@dataclass(frozen=True, slots=True)
class _Lines:
    first: int
    """From 1."""
    last: int | None

    def __call__(self, text: str) -> str:
        return "\n".join(text.splitlines()[self.first - 1 : self.last]) or NOTHING


@dataclass(frozen=True, slots=True)
class _Search:
    verb: Literal["find", "count"]
    pattern: re.Pattern[str]

    def __call__(self, text: str) -> str:
        if self.verb == "count":
            return str(sum(1 for _ in self.pattern.finditer(text)))
        found = self.pattern.search(text)
        if found is None:
            return NOTHING
        return found[1] or "" if self.pattern.groups else found[0]


@dataclass(frozen=True, slots=True)
class Quote:
    """One quote, read."""

    label: str
    filters: tuple[_Lines | _Search, ...] = ()

    def excerpt(self, result: str) -> str:
        """Apply the filters, left to right."""
        for narrowed in self.filters:
            result = narrowed(result)
        return result


def quotes_in(text: str) -> Iterator[Quote]:
    """Read all quotes of a text.

    Raises:
        BadQuoteError: one of them cannot be read.
    """
    for found in _QUOTE.finditer(text):
        yield _read(found[1])


def fill(text: str, results: Mapping[str, str]) -> str:
    """Put the results in place of the quotes.

    Args:
        text: as the script has it.
        results: the text of each result, by label.

    Raises:
        KeyError: a label has no result yet.
    """

    def put(found: re.Match[str]) -> str:
        quote = _read(found[1])
        return quote.excerpt(results[quote.label])

    return _QUOTE.sub(put, text)


def _read(inside: str) -> Quote:
    label, *filters = _BAR.split(inside.strip())
    if not _LABEL.fullmatch(label):
        raise BadQuoteError(
            f"cannot read the quote {{{{result{inside}}}}}: after the label come "
            "'| lines A-B', '| find REGEX' or '| count REGEX'"
        )
    return Quote(label, tuple(_filter(words) for words in filters))


def _filter(words: str) -> _Lines | _Search:
    verb, _, rest = words.partition(" ")
    rest = rest.strip()
    if verb == "lines":
        found = _RANGE.fullmatch(rest)
        if found is None or int(found[1]) < 1:
            raise BadQuoteError(f"'lines {rest}': say lines 3, lines 3-7 or lines 3-")
        first = int(found[1])
        if "-" not in rest:
            return _Lines(first, first)
        return _Lines(first, int(found[2]) if found[2] else None)
    if not rest:
        raise BadQuoteError(f"'{verb}' needs a regular expression")
    try:
        pattern = re.compile(rest, re.MULTILINE)
    except re.error as error:
        raise BadQuoteError(f"'{verb} {rest}': {error}") from error
    return _Search("count" if verb == "count" else "find", pattern)
