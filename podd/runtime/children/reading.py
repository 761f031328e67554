"""The events of one child, as facts for the turn machine."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from podd.core.turn import inputs as i
from podd_protocol import events as v

#: The events that a parent asks for.
WANTED: Final = (
    "turn_started",
    "turn_ended",
    "file_changed",
    "child_event",
    "approval_requested",
    "approval_resolved",
    "question_asked",
    "question_answered",
    "state_changed",
)

#: Files of one turn that are named; whoever needs more looks at the directory.
FILES: Final = 200

_Fact = (
    i.BelowNews | i.BelowApproval | i.BelowResolved | i.BelowQuestion | i.BelowAnswered
)


class Reader:
    """Reads on where it stopped; what was counted before is read and not told again.

    It is shown the events from the first on: which files a turn has changed stands
    before the cursor, where the turn was open when it was set.
    """

    def __init__(self, *, pod: str, session: str, parent: str, upto: int) -> None:
        """Read of the child `pod`; what stands up to event `upto` is counted."""
        self.upto = upto
        """Number of the last event that was read."""
        self.is_warm = False
        """It was shown what stands before the cursor."""
        self._counted = upto
        self._pod = pod
        self._session = session
        self._parent = parent
        self._files: dict[str, None] = {}
        self._is_paused = False

    def read(self, event: v.AnyEvent) -> i.ChildRead | None:
        """What `event` means; None: nothing, or nothing new."""
        fact = self._fact(event)
        self.upto = max(self.upto, event.seq)
        if fact is None or event.seq <= self._counted:
            return None
        return i.ChildRead(via=self._session, upto=event.seq, fact=fact)

    def _fact(self, event: v.AnyEvent) -> _Fact | None:  # noqa: C901, PLR0911  # one arm an event
        match event:
            case v.FileChanged():
                if len(self._files) < FILES:
                    self._files[event.path] = None
                return None
            case v.TurnStarted():
                self._files.clear()
                return None
            case v.TurnEnded():
                return self._ended(event)
            case v.StateChanged():
                return self._changed(event)
            case v.ChildEvent():
                return _below(event)
            case v.ApprovalRequested():
                return i.BelowApproval(
                    pod=event.pod,
                    call=event.call,
                    name=event.name,
                    arguments=_text(event.arguments),
                    reason=event.reason,
                    wait_seconds=event.wait_seconds,
                )
            case v.ApprovalResolved():
                return i.BelowResolved(
                    pod=event.pod,
                    call=event.call,
                    verdict=event.verdict,
                    by=event.by,
                    remember=event.remember,
                    reason=event.reason,
                )
            case v.QuestionAsked():
                return i.BelowQuestion(
                    pod=event.pod,
                    question=event.question,
                    text=event.text,
                    choices=tuple(event.choices),
                    to=event.to,
                    wait_seconds=event.wait_seconds,
                )
            case v.QuestionAnswered():
                return i.BelowAnswered(
                    pod=event.pod,
                    question=event.question,
                    text=event.text,
                    by=event.by,
                )
            case _:
                return None

    def _ended(self, event: v.TurnEnded) -> i.BelowNews:
        files = tuple(self._files)
        self._files.clear()
        self._is_paused = False
        return i.BelowNews(
            news="turn_ended",
            pod=self._pod,
            session=self._session,
            parent=self._parent,
            turn=event.turn,
            outcome=event.outcome,
            text=event.text,
            value=event.value,
            usage=event.usage,
            files=files,
        )

    def _changed(self, event: v.StateChanged) -> i.BelowNews | None:
        """Of its states only a pause is news: all else follows from its turns."""
        was_paused, self._is_paused = self._is_paused, event.state == "paused"
        if was_paused == self._is_paused or event.state not in {"paused", "running"}:
            return None
        return i.BelowNews(
            news="paused" if self._is_paused else "resumed",
            pod=self._pod,
            session=self._session,
            parent=self._parent,
        )


def _below(event: v.ChildEvent) -> i.BelowNews:
    return i.BelowNews(
        news=event.kind,
        pod=event.pod,
        session=event.session,
        parent=event.parent,
        lent=tuple(event.lent),
        task=event.task,
        turn=event.turn,
        outcome=event.outcome,
        text=event.text,
        value=event.value,
        usage=event.usage,
        files=tuple(event.files),
        end=event.end,
        message=event.message,
    )


def _text(arguments: Any) -> str:  # noqa: ANN401  # whatever a model wrote
    """Arguments as they stand in an entry: they were an object, or no JSON at all."""
    if isinstance(arguments, str):
        return arguments
    return msgspec.json.encode(arguments).decode()
