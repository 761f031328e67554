"""How a command ended, in plain words."""

from __future__ import annotations

import signal
from typing import Final

from podd.tools.ports import CommandEnded

#: What a shell adds to a signal's number where a program in it was killed.
_SIGNALLED: Final = 128


def told(ended: CommandEnded) -> str:
    """Say it, to follow the command's name or to begin a summary."""
    match ended.end:
        case "exited":
            words = f"exited with {ended.status}{_of_a_program(ended.status)}"
            return f"{words}{_why(ended)}"
        case "signalled":
            return f"was killed by {signal_name(ended.status)}{_why(ended)}"
        case "timed_out":
            return "took too long and was stopped, with all it had started"
        case "stopped":
            return f"was stopped, with all it had started{_why(ended)}"
        case "lost":
            return f"was lost{_why(ended)}; what it had done is not known"


def signal_name(number: int) -> str:
    """`SIGKILL (9)`, or `signal 99` where it has no name."""
    try:
        return f"{signal.Signals(number).name} ({number})"
    except ValueError:
        return f"signal {number}"


def _of_a_program(status: int) -> str:
    """A shell tells with its own exit status that a signal killed what it ran."""
    try:
        name = signal.Signals(status - _SIGNALLED).name
    except ValueError:
        return ""
    return f" ({_SIGNALLED} + {name}: that signal killed a program in it)"


def _why(ended: CommandEnded) -> str:
    return f" ({ended.reason})" if ended.reason else ""
