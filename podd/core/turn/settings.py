"""What deciding depends on besides the state: limits, and texts that the model reads.

Nothing of this is stored. What a decision made of it stands in its entries.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import msgspec

from podd.core.permission import Permission
from podd.core.pod.child import Child, Report
from podd.core.pod.waiting import Command
from podd.core.turn.asking import WAIT_SECONDS
from podd.core.turn.drivers.chat import Chat
from podd.core.turn.drivers.contract import Driver
from podd.core.turn.known import KnownOfCall
from podd_protocol.values import Asked, ChildEnd, CommandEnd, Limit, ToolStatus

#: How often a step is asked for again whose answer had begun and broke off.
BROKEN_STREAMS: Final = 2
#: How often the model may mend an answer that is not what was asked for.
REPAIRS: Final = 2
#: What a drain waits before it interrupts (the wire contract's `shutdown`).
DRAIN_SECONDS: Final = 10.0


def allow_all(_tool: str, _arguments: Mapping[str, Any]) -> Permission:
    """Permit every call."""
    return Permission("allow")


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """What podd itself says to the model. Pure functions, as decisions are."""

    notification: Callable[[str, str], str]
    """(origin, message) -> what the model reads."""
    limit: Callable[[Limit, float], str]
    """(limit, its value) -> the notice of the last step."""
    cut_off: str
    """Summary for a call that came in an answer cut by the output limit."""
    no_tools_left: str
    """Summary for a call made in the last step."""
    interrupted: str
    """Summary for a call that was ended by cancel or shutdown."""
    unknown: Callable[[str, str, KnownOfCall], str]
    """(tool, when it started, what is known) -> summary for a call that a crash left
    open."""
    child_reported: Callable[[str, Report], str]
    """(child, how its turn ended) -> what its parent reads."""
    child_ended: Callable[[str, ChildEnd, str], str]
    """(child, how, what is known) -> what its parent reads."""
    child_asks: Callable[[str, str, Sequence[str]], str]
    """(child, question, choices) -> what its parent reads."""
    child_works: Callable[[Child], str]
    """Child -> what `wait_pods` says of one that has not ended its work."""
    command_ended: Callable[[Command, CommandEnd, int, str], str]
    """(command, how, status, reason) -> what the model reads."""
    denied: Callable[[str, str], str]
    """(tool, why) -> summary for a call that the rules or people refuse."""
    not_decided: Callable[[float], str]
    """Seconds -> why a call is denied that nobody decided about."""
    not_answered: Callable[[Asked, float], str]
    """(who was asked, seconds) -> summary for a question without an answer."""
    answer_refused: Callable[[str, int], str]
    """(what is wrong, tries that are left after the next) -> what the model reads."""
    code_ended: Callable[[ToolStatus, str], str]
    """(status, what is known) -> summary for a block of code."""
    interpreter_lost: str
    """What the model reads where the names that its code gave are gone."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Limits and texts of one pod."""

    max_steps: int
    """In a turn."""
    tokens: int | None = None
    """Over the pod's life, with those below it. None: no limit."""
    cost_usd: float | None = None
    """What that may cost, in US dollars. None: no limit."""
    wall_seconds: int | None = None
    """Of work, over the pod's life. None: no limit."""
    context_window: int | None = None
    """Tokens that a request and its answer may hold together, where it is known."""
    broken_streams: int = BROKEN_STREAMS
    max_repairs: int = REPAIRS
    driver: Driver = Chat()
    output_problem: Callable[[Any], str | None] | None = None
    """Says what is wrong with a turn's value; pure. None: a turn needs none."""
    repeatable: Collection[str]
    """Names of the tools that may run again after a crash."""
    texts: Texts
    permission: Callable[[str, Mapping[str, Any]], Permission] = allow_all
    """(tool, arguments) -> what the rules say; pure."""
    wait_seconds: float = WAIT_SECONDS
    """How long a call or a question waits for people, or for the parent."""
    parent: str | None = None
    """The pod that lends to this one."""
    drain_seconds: float = DRAIN_SECONDS
