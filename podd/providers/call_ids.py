"""How a call is named to a provider. Pure.

A provider's own id goes back as it came. Where there is none, or where the call was
made by another provider whose ids this one does not take, our own stands for it: it is
unique in the session, so a call and its result find each other.
"""

from __future__ import annotations

import re
from typing import Final

from podd.core.context.conversation import ToolCallPart, ToolResultItem

#: What Anthropic's and Amazon's interfaces take; others take at least that.
_STRICT: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
#: Letters and a small number: a place in one answer, and the next answer has it again.
_COUNTED: Final = re.compile(r"\D*\d{1,4}_*")
_STRANGE: Final = re.compile(r"[^a-zA-Z0-9_-]")


def call_id(part: ToolCallPart | ToolResultItem) -> str:
    """The id for a server that takes any."""
    return part.provider_call or part.call


def strict_call_id(part: ToolCallPart | ToolResultItem) -> str:
    """The id for a server that takes letters, digits, `_` and `-`, each id once."""
    given = part.provider_call
    if _STRICT.fullmatch(given) and not (part.call and _COUNTED.fullmatch(given)):
        return given
    # Not one sign for all: two ids must not become one.
    return _STRANGE.sub(lambda found: f"-{ord(found[0]):x}-", part.call)
