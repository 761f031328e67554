"""What is asked of a sandbox, and what becomes of it."""

from __future__ import annotations

from typing import Literal

import msgspec

from podd.core.scope.rules import Scope

EndKind = Literal["exited", "signalled", "timed_out", "stopped", "lost"]
"""How a command ended. Closed.

exited, signalled: by itself.
timed_out, stopped: it was ended, with all that it had started.
lost: what ran it was killed, so nobody knows; it is dead.
"""


class CommandRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One command."""

    id: str
    """Unique among those that run."""
    command: str | tuple[str, ...]
    """A text for the shell, or a program and its arguments."""
    cwd: str
    """A real path that the scope makes readable."""
    scope: Scope
    """Effective and grounded: what is lent is a hole in it."""
    timeout_seconds: float | None = None
    input: int | None = None
    """A descriptor that becomes its standard input; stays the caller's to close. None:
    there is nothing to read."""
    grace_seconds: float = 2.0
    """Between being asked to end and being killed."""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a command; nothing that it had started lives any more."""

    kind: EndKind
    status: int
    """The exit status or the number of the signal, of the command itself."""
    reason: str
    """In words, one line."""
    leftovers: int = 0
    """Processes that it had left running, and that were ended with it."""
