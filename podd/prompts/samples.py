"""A value for each variable of each notice, to try the texts of others on.

Of a notice that says different things by turns there is a sample for each: a mistake
in any branch of a user's text is to be found at spawn, not when the branch is first
taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

import msgspec

from podd.prompts.catalogue import TextName
from podd_protocol.values import (
    Asked,
    Cancelled,
    ChildEnd,
    ChildState,
    CommandEnd,
    Completed,
    Failed,
    Limited,
    Outcome,
    ToolStatus,
)

Variables = Mapping[str, object]

_OUTCOMES: Final[tuple[Outcome, ...]] = (
    Completed(),
    Cancelled(by="user", reason="text"),
    Limited(limit="steps"),
    Failed(code="cut", message="text"),
)

SAMPLES: Final[Mapping[TextName, tuple[Variables, ...]]] = {
    "answer_refused": (
        {"problem": "text", "left": 0},
        {"problem": "text", "left": 1},
    ),
    "child_asks": (
        {"child": "x", "question": "text", "choices": ["one", "two"]},
        {"child": "x", "question": "text", "choices": []},
    ),
    "child_ended": tuple(
        {"child": "x", "end": end, "message": "text"} for end in get_args(ChildEnd)
    ),
    "child_reported": tuple(
        {
            "child": "x",
            "outcome": msgspec.to_builtins(outcome),
            "text": "text",
            "value": "{}",
            "left_out": 1,
            "files": ["/a"],
            "more_files": 1,
            "usage": {"input": 1, "output": 1},
        }
        for outcome in _OUTCOMES
    ),
    "child_works": tuple(
        {"child": "x", "state": state, "task": "text"} for state in get_args(ChildState)
    ),
    "code_ended": tuple(
        {"status": status, "known": known}
        for status in get_args(ToolStatus)
        for known in ("", "text")
    ),
    "command_ended": tuple(
        {
            "command": "t1.1.1",
            "end": end,
            "status": 1,
            "reason": "text",
            "text": "text",
            "output": "/a",
        }
        for end in get_args(CommandEnd)
    ),
    "cut_off": ({},),
    "denied": ({"tool": "bash", "why": "text"}, {"tool": "bash", "why": ""}),
    "interpreter_lost": ({},),
    "interrupted": ({},),
    "limit": tuple(
        {"limit": limit, "value": 50}
        for limit in ("steps", "tokens", "cost_usd", "wall_seconds")
    ),
    "no_tools_left": ({},),
    "not_answered": tuple(
        {"asked": asked, "seconds": "600"} for asked in get_args(Asked)
    ),
    "not_decided": ({"seconds": "600"},),
    "notification": ({"origin": "user", "message": "text"},),
    "unknown": tuple(
        {
            "tool": "write_file",
            "since": since,
            "printed": printed,
            "written": written,
            "looked": looked,
            "files": files,
            "more_files": len(files),
            "complete": complete,
        }
        for since, printed, written, looked, files, complete in (
            ("2026-01-01T00:00:00.000Z", 0, "yes", False, [], True),
            ("2026-01-01T00:00:00.000Z", 1, "", True, ["a"], False),
            ("", 0, "no", True, [], True),
        )
    ),
}
