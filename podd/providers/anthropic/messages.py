"""The list of messages, joined from items that were encoded before. Pure.

Items of the same role in a row are one message, results in front: the API wants all
results of an answer in the message behind it, before anything else.

Three messages are marked, so that the server keeps what it has read up to there: the
last that a user wrote, and the two before it. Each of these was the end of a request,
and the server looks only some 20 blocks back from a mark for what it knows; an answer
with many calls, and their results, are more. With the mark behind the system prompt
these are the four that a request may have. See
https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

#: How many messages are marked.
MARKS: Final = 3
MARK: Final = {"type": "ephemeral"}

_MARK: Final = b',"cache_control":{"type":"ephemeral"}}'

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class EncodedItem:
    """One item's blocks."""

    role: Role
    blocks: bytes
    """JSON objects with commas between them; empty: there is nothing to send."""
    is_result: bool = False


def joined(items: Sequence[EncodedItem]) -> bytes:
    """Write the list. What was written before stays as it was, but for the marks."""
    runs: list[list[EncodedItem]] = []
    for item in items:
        if not item.blocks:
            continue
        if runs and runs[-1][0].role == item.role:
            runs[-1].append(item)
        else:
            runs.append([item])
    asked = [run for run in runs if run[0].role == "user"]
    marked = {id(run) for run in asked[-MARKS:]}
    written = [_message(run, _MARK if id(run) in marked else b"}") for run in runs]
    return b"[" + b",".join(written) + b"]"


def _message(run: list[EncodedItem], end: bytes) -> bytes:
    results_first = sorted(run, key=lambda item: not item.is_result)
    content = b",".join([item.blocks for item in results_first])
    # The last block's own brace gives way to the mark. So no kept bytes change.
    return b'{"role":"%s","content":[%s%s]}' % (
        run[0].role.encode(),
        content[:-1],
        end,
    )
