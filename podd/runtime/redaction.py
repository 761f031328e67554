"""Keys that podd loaded, taken out of what tools bring back (promise 12).

A tool may read a file that holds the key which the pod itself was given. Its value is
replaced before the result is journalled, shown or sent to a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

#: A shorter value is no key, and replacing it would garble innocent text.
LEAST_CHARACTERS: Final = 8

#: What stands where a key was.
REDACTED: Final = "[key removed by podd]"


class Redaction:
    """Replaces the values of keys."""

    def __init__(self, values: Sequence[str]) -> None:
        self._values = [value for value in values if len(value) >= LEAST_CHARACTERS]

    def text(self, text: str) -> str:
        """The text without any key."""
        for value in self._values:
            text = text.replace(value, REDACTED)
        return text

    def content(self, content: bytes) -> bytes:
        """The same for the bytes of a file."""
        for value in self._values:
            content = content.replace(value.encode(), REDACTED.encode())
        return content
