"""What waits for the person at the terminal: one after the other, none is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podd.cli.asking_words import (
    answered_words,
    approval_words,
    question_words,
    resolved_words,
)
from podd_protocol import events as v
from podd_protocol.replies import ApprovalStatus, QuestionStatus

if TYPE_CHECKING:
    from podd_protocol.replies import StatusReply

Item = ApprovalStatus | QuestionStatus


class Inbox:
    """Approvals, and questions to people, in the order in which they were asked."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], Item] = {}

    def begin(self, status: StatusReply) -> None:
        """Take up what waits already."""
        waiting: list[Item] = [*status.approvals]
        waiting += [one for one in status.questions if one.to == "user"]
        for item in sorted(waiting, key=lambda one: one.since):
            self._items.setdefault(key_of(item), item)

    def hear(self, event: v.AnyEvent) -> bool:
        """Follow the events; whether something new waits."""
        match event:
            case v.ApprovalRequested():
                return self._add(
                    ApprovalStatus(
                        call=event.call,
                        pod=event.pod,
                        name=event.name,
                        arguments=event.arguments,
                        reason=event.reason,
                        since=event.at,
                    )
                )
            case v.QuestionAsked(to="user"):
                return self._add(
                    QuestionStatus(
                        question=event.question,
                        pod=event.pod,
                        text=event.text,
                        choices=event.choices,
                        to="user",
                        since=event.at,
                    )
                )
            case v.ApprovalResolved(pod=pod, call=name):
                self._items.pop((pod, name), None)
            case v.QuestionAnswered(pod=pod, question=name):
                self._items.pop((pod, name), None)
            case _:
                pass
        return False

    def closing(self, event: v.AnyEvent) -> str | None:
        """What an event says of something that waits, before it is taken away."""
        match event:
            case v.ApprovalResolved(pod=pod, call=name):
                item = self._items.get((pod, name))
                words = resolved_words(event)
            case v.QuestionAnswered(pod=pod, question=name):
                item = self._items.get((pod, name))
                words = answered_words(event)
            case _:
                return None
        if isinstance(item, ApprovalStatus):
            return f"{approval_words(item)}\n{words}"
        return words if item is None else f"{question_words(item)}\n{words}"

    def _add(self, item: Item) -> bool:
        new = key_of(item) not in self._items
        self._items.setdefault(key_of(item), item)
        return new

    def holds(self, item: Item) -> bool:
        """Whether it still waits."""
        return key_of(item) in self._items

    @property
    def first(self) -> Item | None:
        """The one to answer now."""
        return next(iter(self._items.values()), None)

    def __len__(self) -> int:
        return len(self._items)


def key_of(item: Item) -> tuple[str, str]:
    """Who asks, and under which name: two pods may use the same."""
    if isinstance(item, ApprovalStatus):
        return item.pod, item.call
    return item.pod, item.question
