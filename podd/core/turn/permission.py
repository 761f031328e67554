"""Whether a call may be run: what the rules say, and what people said."""

from __future__ import annotations

from typing import Any

from podd.core.context.arguments import ArgumentsFault, decode
from podd.core.pod.state import OpenCall, PodState
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn.settings import Settings
from podd_protocol.values import ToolStatus


def forbidden(
    settings: Settings, state: PodState, call: OpenCall, arguments: dict[str, Any]
) -> tuple[ToolStatus, str] | None:
    """Why rules or people do not want a call to be run, if they do not.

    What the rules forbid nobody can approve; they may be others since people said so.
    """
    if call.permission == "denied":
        return "denied", settings.texts.denied(call.name, call.objection)
    found = settings.permission(call.name, arguments)
    if found.action == "deny":
        return "denied", settings.texts.denied(call.name, found.reason)
    if found.action == "ask" and call.permission != "approved":
        verdict, reason = state.verdicts.get((call.name, found.subject), ("", ""))
        if verdict == "denied":
            return "denied", settings.texts.denied(call.name, reason)
    return None


def ask(
    settings: Settings, state: PodState, call: OpenCall
) -> tuple[e.ApprovalRequested, f.SetDeadline] | None:
    """Ask people about a call, where a rule wants it and nobody has said."""
    if call.permission == "approved":
        return None
    arguments = decode(call.arguments)
    assert not isinstance(arguments, ArgumentsFault), "it was refused before"
    found = settings.permission(call.name, arguments)
    if found.action != "ask" or (call.name, found.subject) in state.verdicts:
        return None
    asked = e.ApprovalRequested(
        pod=state.pod,
        call=call.call,
        name=call.name,
        arguments=call.arguments,
        reason=found.reason,
        subject=found.subject,
        wait_seconds=settings.wait_seconds,
    )
    deadline = f.SetDeadline(
        deadline="approval", seconds=settings.wait_seconds, call=call.call
    )
    return asked, deadline
