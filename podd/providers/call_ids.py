"""Ids of calls, for an API that is strict about them. Pure.

A conversation may hold the ids of several providers. Some count the calls of each
answer anew, so that the same id comes back in the next one; some use signs that others
refuse. Our own ids are unique in a session, so they can stand in for any other, as long
as a call and its result agree.
"""

from __future__ import annotations

import re
from typing import Final

#: Letters and a small number: a place in one answer, and not a name for good.
_COUNTED: Final = re.compile(r"\D*\d{1,4}_*")
_STRANGE: Final = re.compile(r"[^a-zA-Z0-9_-]")


def strict_id(provider_call: str, call: str) -> str:
    """Name a call in letters, digits, `_` and `-`, as no other call of the session is.

    Args:
        provider_call: as the provider called it; kept where it can be.
        call: as we do.
    """
    is_own = not provider_call or (call and _COUNTED.fullmatch(provider_call))
    return _STRANGE.sub(
        lambda found: f"-{ord(found[0]):x}-", call if is_own else provider_call
    )
