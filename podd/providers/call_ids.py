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
_OTHER: Final = re.compile(r"[^a-zA-Z0-9_-]")


def call_id(part: ToolCallPart | ToolResultItem) -> str:
    """The id for a server that takes any."""
    return part.provider_call or part.call


def strict_call_id(part: ToolCallPart | ToolResultItem) -> str:
    """The id for a server that takes letters, digits, `_` and `-`, 64 at most."""
    if _STRICT.fullmatch(part.provider_call):
        return part.provider_call
    return _OTHER.sub("_", part.call)
