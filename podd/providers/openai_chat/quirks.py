"""In what one server of chat completions differs from another. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Literal

from podd.providers.capabilities import Capability

_NINE: Final = re.compile(r"[A-Za-z0-9]{9}")
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Affinity:
    """How a request says which session it belongs to.

    It is then sent to where the beginning of the conversation has been read already.
    """

    place: Literal["field", "header"]
    """Of the body, or of the request."""
    name: str


@dataclass(frozen=True, slots=True)
class Quirks:
    """What differs, besides the address. The default is what most servers have."""

    affinity: Affinity | None = None
    reasoning: Literal["kept", "sent_back"] = "kept"
    """sent_back: each of the model's messages has what it thought, empty or not."""
    call_ids: Literal["any", "nine"] = "any"
    """nine: exactly nine letters and digits."""
    counts: Literal["asked_for", "sent"] = "asked_for"
    """sent: a stream has its counts by itself, and the server refuses the question."""
    lacks: frozenset[Capability] = frozenset()

    def call_id(self, name: str) -> str:
        """Return the id of a call as the server takes it; one gives always the same."""
        if self.call_ids == "any" or _NINE.fullmatch(name):
            return name
        number = int.from_bytes(hashlib.sha256(name.encode()).digest())
        digits = []
        for _ in range(9):
            number, digit = divmod(number, len(_DIGITS))
            digits.append(_DIGITS[digit])
        return "".join(digits)


#: Of a server that nobody has named.
PLAIN: Final = Quirks()
