"""Facts about code that a model wrote and that was run.

The rules of entries.py hold here.
"""

from __future__ import annotations

from typing import Any

from podd.core.session.entry import Entry
from podd_protocol.values import ToolStatus


class CodeStarted(Entry, frozen=True, kw_only=True, tag="code_started"):
    """A block of code is about to be run. Synced before it is."""

    turn: str
    step: int
    code: str
    """As it stood between its fences."""


class ToolCalled(Entry, frozen=True, kw_only=True, tag="tool_called"):
    """Running code asks for a tool. Its result goes to the code, not to the model."""

    turn: str
    step: int
    call: str
    name: str
    arguments: str
    """JSON text of an object."""


class CodeEnded(Entry, frozen=True, kw_only=True, tag="code_ended"):
    """The one end of a block of code."""

    turn: str
    step: int
    status: ToolStatus
    """ok: it ran to its end or submitted; error: it raised, died or took too long."""
    summary: str
    """As the model reads it, before the output."""
    output: str = ""
    """What was printed, and the traceback where it raised."""
    spilled_to: str | None = None
    """Where the whole output lies, where `output` is cut."""
    submitted: bool = False
    """It called `submit`."""
    value: Any = None
    """What it submitted."""
    lost: bool = False
    """The interpreter is gone, and the names that code had given with it."""


class InterpreterLost(Entry, frozen=True, kw_only=True, tag="interpreter_lost"):
    """The interpreter ended with its pod while it ran nothing."""

    cause: str
    """Under which the model is told."""
    rendered: str
    """As the model reads it."""
