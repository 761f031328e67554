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
