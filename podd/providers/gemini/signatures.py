"""Thought signatures: whose they are, and how that is kept. Pure.

A signature stands on a part of an answer, and has to come back on that very part. We
keep it as a thought without words in front of the part. Where the part itself has no
words (a stream often ends so), that is noted before the signature: base64 knows no
colon.

https://ai.google.dev/gemini-api/docs/thought-signatures
"""

from __future__ import annotations

from typing import Final, Literal

#: What Google documents for calls that no Gemini model has made: one that begins its
#: conversation with another model's calls would be refused otherwise.
UNSIGNED: Final = "skip_thought_signature_validator"

Bearer = Literal["next", "text", "thought"]
"""next: the part behind; text, thought: such a part of its own, without words."""


def kept(signature: str, bearer: Bearer) -> str:
    """Write down a signature with whose it is."""
    return signature if bearer == "next" else f"{bearer}:{signature}"


def recalled(replay: str) -> tuple[Bearer, str]:
    """Read what `kept` wrote."""
    for bearer in ("text", "thought"):
        if replay.startswith(f"{bearer}:"):
            return bearer, replay.removeprefix(f"{bearer}:")
    return "next", replay
