"""The records of a session as a transcript that people read: Markdown."""

from __future__ import annotations

import re
from typing import Final, assert_never

from podd.cli.exporting import records as r
from podd.cli.media_words import media_lines
from podd.cli.rendering import outcome_words, rewound_words, usage_words
from podd_protocol.values import Media

#: Of a call's arguments, and of its output: lines that are shown, and characters.
SHOWN_LINES: Final = 20
SHOWN_CHARACTERS: Final = 2_000

_BACKTICKS: Final = re.compile(r"`+")


class Transcript:
    """Turns records into text, one after the other."""

    def __init__(self) -> None:
        self._turn = ""

    def add(self, record: r.AnyRecord) -> str:
        """The text of a record, with a blank line behind it."""
        turn = getattr(record, "turn", "")
        heading = ""
        if turn and turn != self._turn:
            self._turn = turn
            heading = f"## Turn {turn}\n\n"
        return f"{heading}{_text(record)}\n\n"


def _text(record: r.AnyRecord) -> str:  # noqa: C901, PLR0911  # one arm a record
    match record:
        case r.Session():
            return _session(record)
        case r.Input():
            who = "User" if record.origin == "user" else f"From {record.origin}"
            if record.kind == "notification":
                who = f"Note from {record.origin}"
            shown = filter(None, (_quoted(record.text), _media(record.media)))
            return "\n\n".join((f"**{who}** · {record.at}", *shown))
        case r.Notice():
            return f"**Limit of {record.limit}**\n\n{_quoted(record.text)}"
        case r.Answer():
            return _answer(record)
        case r.Failure():
            said = f"attempt {record.attempt} failed: {record.fault}"
            return f"*{said}*" + (
                f"\n\n{fenced(record.message)}" * bool(record.message)
            )
        case r.Result():
            return _result(record)
        case r.TurnEnd():
            end = f"turn {record.turn} {outcome_words(record.outcome)}"
            return f"---\n\n*{end} · {usage_words(record.usage)}*"
        case r.Rewound():
            return _rewound(record)
        case r.Forked():
            return f"*forked from session {record.session}*"
        case _ as unreachable:
            assert_never(unreachable)


def fenced(text: str, language: str = "") -> str:
    """A code block that no run of backticks inside it can end."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}"


def _session(record: r.Session) -> str:
    lines = [f"# Session {record.session}", "", f"Pod {record.pod} · {record.at}"]
    if record.origin.kind == "fork":
        lines += ["", f"A fork of session {record.origin.session}"]
    return "\n".join(lines)


def _answer(record: r.Answer) -> str:
    blocks = [f"**Model** · {record.at}"]
    if record.text.strip():
        blocks.append(record.text.strip("\n"))
    for call in record.calls:
        blocks.append(f"Call {_code(call.call)}: {_code(call.name)}")
        blocks.append(fenced(_shortened(call.arguments), "json"))
    if record.stop_reason not in {"stop", "tool_use"}:
        blocks.append(f"*the answer ended by {record.stop_reason}*")
    return "\n\n".join(blocks)


def _result(record: r.Result) -> str:
    blocks = [f"Result of {_code(record.call)}: {record.status}"]
    whole = f"{record.summary}\n{record.output}" if record.output else record.summary
    blocks.append(fenced(_shortened(whole)))
    if record.spilled_to is not None:
        blocks.append(f"The whole output: {_code(record.spilled_to)}")
    if record.media:
        blocks.append(_media(record.media))
    return "\n\n".join(blocks)


def _rewound(record: r.Rewound) -> str:
    lines = [f"*rewound to {rewound_words(record.to)}; the files stayed as they were*"]
    if record.files_changed_since:
        lines.append("")
        lines += [f"- {_code(path)}" for path in record.files_changed_since]
    return "\n".join(lines)


def _media(media: list[Media]) -> str:
    return "\n".join(f"- {_code(line)}" for line in media_lines(media))


def _quoted(text: str) -> str:
    if not text.strip("\n"):
        return ""
    return "\n".join(f"> {line}".rstrip() for line in text.strip("\n").split("\n"))


def _code(text: str) -> str:
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    ticks = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _shortened(text: str) -> str:
    """The beginning, and how much is left out."""
    lines = text.split("\n")
    kept = "\n".join(lines[:SHOWN_LINES])[:SHOWN_CHARACTERS]
    left = len(text) - len(kept)
    return f"{kept}\n… {left} more characters" if left else kept
