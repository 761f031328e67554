"""Calls, results, ends and costs in a person's words. Pure: values in, text out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from podd_protocol.events import ToolResult
from podd_protocol.values import (
    Cancelled,
    Completed,
    Failed,
    Limited,
    Outcome,
    ToolStatus,
    Usage,
)

#: Of a call's arguments, the one that says most, the first that is there.
MAIN_ARGUMENTS: Final = (
    "path",
    "pattern",
    "command",
    "task",
    "message",
    "question",
    "name",
    "names",
)

#: Of calls that give a pod something to do: whom they are about says more than what.
_WORK_ARGUMENTS: Final = {"spawn_pod": "task", "send_to_pod": "message"}

RESULT_WORDS: Final[dict[ToolStatus, str]] = {
    "ok": "",
    "error": "failed: ",
    "denied": "refused: ",
    "interrupted": "interrupted: ",
    "unknown": "may or may not have happened: ",
}

LIMIT_WORDS: Final = {
    "steps": "its limit of steps",
    "tokens": "its limit of tokens",
    "cost_usd": "its limit of money",
    "wall_seconds": "its limit of time",
    "pods": "its limit of pods",
    "depth": "its limit of depth",
    "output_tokens": "the model's limit of output",
}


def call_words(name: str, arguments: Any) -> str:  # noqa: ANN401  # whatever a model wrote
    """A tool call as one would say it: its name and the argument that says most."""
    return f"{name} {_given_work(name, arguments) or _main_argument(arguments)}".strip()


def _given_work(name: str, arguments: object) -> str:
    """`left: Weed the garden`; empty where the call gives no pod any work."""
    if name not in _WORK_ARGUMENTS or not isinstance(arguments, Mapping):
        return ""
    pod, work = arguments.get("name"), arguments.get(_WORK_ARGUMENTS[name])
    return f"{pod}: {work}" if pod and work else ""


def _main_argument(arguments: object) -> str:
    if isinstance(arguments, str):
        return arguments
    if not isinstance(arguments, Mapping):
        return ""
    known = (arguments[name] for name in MAIN_ARGUMENTS if name in arguments)
    value = next(known, None)
    if value is None:
        value = next((v for v in arguments.values() if isinstance(v, str)), "")
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)


def result_words(result: ToolResult) -> str:
    """What came of a call: its status where that is not ok, and its summary."""
    # Whoever shows it has named the tool already.
    summary = result.summary.removeprefix(f"{result.name}: ")
    return f"{RESULT_WORDS[result.status]}{summary}"


def outcome_words(outcome: Outcome) -> str:
    """How a turn ended."""
    match outcome:
        case Completed():
            return "completed"
        case Cancelled(by, reason):
            why = f": {reason}" if reason else ""
            return f"cancelled by {by}{why}"
        case Limited(limit):
            return f"stopped at {LIMIT_WORDS[limit]}"
        case Failed(code, message):
            return f"failed ({code}): {message}"


def usage_words(usage: Usage) -> str:
    """Tokens in and out, and the money where it is known."""
    taken = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    about = "about " if usage.estimated else ""
    words = f"{about}{taken:,} tokens in, {usage.output_tokens:,} out"
    if usage.cost_usd is not None:
        words += f", ${usage.cost_usd:.4f}"
    return words


def duration_words(seconds: float) -> str:
    """A length of time, as exact as anyone wants it."""
    if seconds < 60:  # noqa: PLR2004  # a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def first_line(text: str) -> str:
    """The first line that says something, marked where more follows."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return ""
    return lines[0].strip() + (" …" if len(lines) > 1 else "")


def rewound_words(to: str) -> str:
    """Where a conversation goes on after a rewind."""
    return "the start" if to == "start" else f"the end of turn {to}"
