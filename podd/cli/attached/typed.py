"""What a line means that somebody typed and sent. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from podd.cli.asking_words import chosen
from podd_protocol.replies import ApprovalStatus
from podd_protocol.requests import Answer, Approve, Deny

if TYPE_CHECKING:
    from podd.cli.attached.inbox import Item
    from podd_protocol.values import Remember

Word = Literal[
    "help",
    "queue",
    "steer",
    "note",
    "pause",
    "resume",
    "cancel",
    "status",
    "children",
    "child",
    "quit",
]

#: Each with its argument, if it takes one, and what it does.
COMMANDS: Final[dict[Word, tuple[str, str]]] = {
    "queue": ("TEXT", "a turn of its own, after those that wait (Alt-Enter too)"),
    "steer": ("TEXT", "into the running turn, also where a question waits"),
    "note": ("TEXT", "news that is no order"),
    "pause": ("", "keep the turn and begin nothing new"),
    "resume": ("", "go on with it"),
    "cancel": ("", "end the turn (Ctrl-C)"),
    "status": ("", "what the pod is doing"),
    "children": ("", "the pods below it"),
    "child": ("NAME", "show what a child does, or fold it again"),
    "help": ("", "this"),
    "quit": ("", "leave; the pod goes on (Ctrl-D)"),
}

_COMMAND: Final = re.compile(r"/([a-z]+)(?:\s+(.*))?", re.DOTALL)

_YES: Final = frozenset({"y", "yes"})
_NO: Final = frozenset({"n", "no"})
_SESSION: Final = frozenset({"s"})


@dataclass(frozen=True, slots=True)
class Say:
    """Input for the pod."""

    text: str
    when_busy: Literal["steer", "queue"]


@dataclass(frozen=True, slots=True)
class Decide:
    """The answer to what waits."""

    request: Approve | Deny | Answer
    item: Item


@dataclass(frozen=True, slots=True)
class Command:
    """Something that is not for the model."""

    word: Word
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Unclear:
    """It cannot be meant so; the text is kept."""

    why: str


def meaning(text: str, item: Item | None) -> Say | Decide | Command | Unclear:
    """What was meant.

    Args:
        text: as it was typed or pasted; not blank.
        item: what waited when the typing began, if anything.
    """
    if text.startswith("/") and "\n" not in text.strip():
        if text.startswith("//"):
            return Say(text[1:], "steer")
        if found := _COMMAND.fullmatch(text.strip()):
            return _command(found[1], (found[2] or "").strip())
    if item is None:
        return Say(text, "steer")
    if isinstance(item, ApprovalStatus):
        return _decision(text, item)
    reply = chosen(text, item.choices)
    return Decide(Answer(id=0, question=item.question, text=reply, pod=item.pod), item)


def _command(word: str, argument: str) -> Say | Command | Unclear:
    known = next((name for name in COMMANDS if name == word), None)
    if known is None:
        return Unclear(
            f"there is no command /{word}; /help lists them, // begins a text with /"
        )
    wants, _ = COMMANDS[known]
    if bool(wants) != bool(argument):
        return Unclear(f"/{word} takes {f'a {wants}' if wants else 'nothing'}")
    match known:
        case "queue" | "steer":
            return Say(argument, known)
        case _:
            return Command(known, argument)


def _decision(text: str, item: ApprovalStatus) -> Say | Decide:
    word, _, rest = text.strip().partition(" ")
    word = word.lower().rstrip(",.!:;")
    remember: Remember = "session" if word in _SESSION else "once"
    reason = rest.strip() or None
    if word in _YES | _SESSION:
        approve = Approve(
            id=0, call=item.call, pod=item.pod, remember=remember, reason=reason
        )
        return Decide(approve, item)
    if word in _NO:
        deny = Deny(id=0, call=item.call, pod=item.pod, reason=reason)
        return Decide(deny, item)
    return Say(text, "steer")
