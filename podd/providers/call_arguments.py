"""Arguments that go back to a provider: always a JSON object. Pure.

Servers parse what a model wrote earlier, and refuse the whole conversation where it is
none; so what is broken goes back wrapped.
"""

from __future__ import annotations

import msgspec

from podd.core.context import arguments


def valid_arguments(text: str) -> str:
    """Make sure that arguments are a JSON object.

    Nothing at all stands for no arguments. What is broken, or no object, becomes the
    object `{"invalid_arguments": TEXT}`, so that the model still sees what it wrote.
    """
    if not text.strip():
        return "{}"
    if isinstance(arguments.decode(text), arguments.ArgumentsFault):
        return msgspec.json.encode({"invalid_arguments": text}).decode()
    return text
