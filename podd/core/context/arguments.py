"""A tool call's arguments: JSON text that a model wrote, so perhaps no JSON at all."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

#: Objects and arrays inside each other. Decoding recurses: without a limit of our own,
#: what counts as valid would depend on how deep the caller's stack happens to be.
DEEPEST: Final = 100

#: Strings are passed over whole, so that brackets inside them do not count. Compiled
#: when first needed, which is hardly ever.
_BRACKET: Final = r'(?s)"(?:[^"\\]|\\.)*+"?|([\[{])|([\]}])'


_KINDS: Final[dict[type, str]] = {
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


class ArgumentsFault(msgspec.Struct, frozen=True):
    """Why a text is no arguments."""

    problem: str
    """To follow "its arguments"."""


def decode(text: str) -> dict[str, Any] | ArgumentsFault:
    """Read arguments. Nothing at all counts as `{}`."""
    if not text.strip():
        return {}
    if _is_too_deep(text):
        return ArgumentsFault(f"are nested more than {DEEPEST} levels deep")
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        # Where it is cut off msgspec does not say how far it had come.
        place = "" if "byte" in str(error) else f" after {len(text)} characters"
        return ArgumentsFault(f"are not valid JSON ({error}{place})")
    if not isinstance(value, dict):
        return ArgumentsFault(f"are {_KINDS[type(value)]}, not a JSON object")
    return value


def _is_too_deep(text: str) -> bool:
    # Most texts have too few brackets to be, which a count finds out at once.
    if text.count("{") + text.count("[") <= DEEPEST:
        return False
    depth = 0
    for found in re.finditer(_BRACKET, text):
        if found[1]:
            depth += 1
            if depth > DEEPEST:
                return True
        elif found[2]:
            depth -= 1
    return False
