"""A server's words, fit to be shown: bounded, and without the key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

#: Enough for every message a vendor writes; the rest of a page is noise.
MESSAGE_BYTES: Final = 4096
_HIDDEN: Final = b"[key]"
_TITLE: Final = re.compile(rb"<title[^>]*>([^<]*)</title>", re.IGNORECASE)


def presentable(text: str, secrets: Sequence[str]) -> str:
    """Take the secrets out, then keep head and tail within `MESSAGE_BYTES`.

    In this order: a cut through a secret would leave a piece of it that no longer looks
    like one.
    """
    raw = _redacted(text.encode("utf-8", "replace"), secrets)
    if len(raw) <= MESSAGE_BYTES:
        return raw.decode()
    mark = " ... "
    half = (MESSAGE_BYTES - len(mark)) // 2
    head = raw[:half].decode("utf-8", "ignore")
    tail = raw[-half:].decode("utf-8", "ignore")
    return f"{head}{mark}{tail}"


def beginning(body: bytes, secrets: Sequence[str]) -> bytes:
    """Take the secrets out of the beginning of a body whose rest was not read.

    The last bytes go too: they may be the first half of a secret.
    """
    longest = max((len(s) for k in secrets for s in _spellings(k)), default=0)
    kept = _redacted(body, secrets)
    return kept[: len(kept) - longest]


def redacted_pieces(pieces: Sequence[bytes], secrets: Sequence[str]) -> list[bytes]:
    """Take the secrets out of what came in pieces, also where one lies across two.

    Each piece stays in its place; of a secret, its mark stands where it begins, so a
    piece may become empty.
    """
    whole = b"".join(pieces)
    spans = _spans(whole, secrets)
    if not spans:
        return list(pieces)
    found: list[bytes] = []
    start = 0
    for piece in pieces:
        end = start + len(piece)
        kept, at = b"", start
        for first, last in spans:
            if last <= start or first >= end:
                continue
            kept += whole[at : max(at, first)]
            if first >= start:
                kept += _HIDDEN
            at = min(last, end)
        found.append(kept + whole[at:end])
        start = end
    return found


def _spans(whole: bytes, secrets: Sequence[str]) -> list[tuple[int, int]]:
    """Find where secrets stand, in order, none inside another."""
    spellings = [s for secret in secrets for s in _spellings(secret) if s]
    if not spellings:
        return []
    # The longest first, as below.
    longest = sorted(set(spellings), key=len, reverse=True)
    pattern = re.compile(b"|".join(map(re.escape, longest)))
    return [found.span() for found in pattern.finditer(whole)]


def _redacted(raw: bytes, secrets: Sequence[str]) -> bytes:
    for secret in secrets:
        for spelling in _spellings(secret):
            raw = raw.replace(spelling, _HIDDEN)
    return raw


def _spellings(secret: str) -> tuple[bytes, ...]:
    """As it is, and as JSON may write it."""
    escaped = secret.replace("\\", "\\\\").replace('"', '\\"')
    # The longest first: a shorter one may be part of it.
    return tuple(s.encode() for s in (escaped.replace("/", "\\/"), escaped, secret))


def is_page(body: bytes) -> bool:
    """Whether this is markup where data was expected."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def page_summary(body: bytes) -> str:
    """Say in a few words which page it is."""
    if found := _TITLE.search(body):
        title = " ".join(found[1].decode("utf-8", "replace").split())
        if title:
            return f"an HTML page titled {title!r}"
    return "an HTML page"
