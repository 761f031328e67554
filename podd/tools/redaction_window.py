"""Take keys out of a stream: also those that two pieces of it share.

A key is one word of text. So a stream may be cut after any white space, and what comes
after the last one waits for what follows.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Final

#: Longer than any key. A word of twice that length is no longer waited for.
_LONGEST_KEY: Final = 8192

_WHITE: Final = "\n \r\t"


class RedactionWindow:
    """One stream of bytes. What is not UTF-8 comes out as it went in."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        """Begin.

        Args:
            redact: replaces the keys in a text.
        """
        self._redact = redact
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._held = ""

    def feed(self, data: bytes) -> bytes:
        """Take the next piece; return what is known to be free of keys by now."""
        self._held += self._decoder.decode(data)
        cut = max(self._held.rfind(white) for white in _WHITE) + 1
        if len(self._held) - cut > 2 * _LONGEST_KEY:
            cut = self._within_a_word(cut)
        return self._let_go(cut)

    def rest(self) -> bytes:
        """Return what still waits: nothing follows any more."""
        self._held += self._decoder.decode(b"", final=True)
        return self._let_go(len(self._held))

    def _within_a_word(self, start: int) -> int:
        """Find a place in the last word where no key is cut in two."""
        word = self._held[start:]
        whole = self._redact(word)
        latest = len(word) - _LONGEST_KEY
        for cut in range(latest, latest - _LONGEST_KEY, -1):
            # A key that begins before `cut` ends before the word does, so it is
            # missing in the one text and would be there in the two.
            if self._redact(word[:cut]) + self._redact(word[cut:]) == whole:
                return start + cut
        return start + latest

    def _let_go(self, cut: int) -> bytes:
        free, self._held = self._held[:cut], self._held[cut:]
        return self._redact(free).encode("utf-8", "surrogateescape") if free else b""
