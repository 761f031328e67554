"""What holds of every journal with loans, reports, approvals, questions, commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from podd.core.session import entries as e


@dataclass(slots=True)
class _Open:
    """What is going on at one point of a journal."""

    loans: dict[str, str] = field(default_factory=dict)
    """By session: intended or made."""
    given: set[tuple[str, str]] = field(default_factory=set)
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Of each turn of a child: how often the model was told of it."""
    read: dict[str, int] = field(default_factory=dict)
    approvals: set[str] = field(default_factory=set)
    verdicts: dict[str, str] = field(default_factory=dict)
    questions: set[str] = field(default_factory=set)
    commands: set[str] = field(default_factory=set)
    calls: dict[str, bool] = field(default_factory=dict)
    """Of the open turn: whether it was begun."""


def check_family(entries: Sequence[e.AnyEntry], pod: str) -> None:
    """No loan is made, read or returned twice; nobody is asked about what is over."""
    now = _Open()
    for entry in entries:
        match entry:
            case e.ApprovalRequested() | e.ApprovalResolved() if not entry.via:
                assert entry.pod == pod
                _check_approval(entry, now)
            case e.QuestionAsked() | e.QuestionAnswered() if not entry.via:
                assert entry.pod == pod
                _check_question(entry, now)
            case e.CommandStarted():
                assert now.calls[entry.call], "a command of a call that was not begun"
                assert entry.command not in now.commands
                now.commands.add(entry.command)
            case e.CommandEnded():
                now.commands.remove(entry.command)
            case e.ToolStarted():
                assert entry.call not in now.approvals, "begun while people are asked"
                assert now.verdicts.get(entry.call) != "denied", "begun all the same"
                now.calls[entry.call] = True
            case e.ToolResulted():
                assert entry.call not in now.approvals, "over, and people are asked"
                assert entry.call not in now.questions, "over, and the question is not"
            case e.TurnEnded() | e.SessionClosed():
                assert now.questions == set()
                assert now.approvals == set() or isinstance(entry, e.SessionClosed)
            case _:
                _check_child(entry, now)
    assert all(count == 1 for count in now.told.values()), "told twice"


def _check_approval(
    entry: e.ApprovalRequested | e.ApprovalResolved, now: _Open
) -> None:
    if isinstance(entry, e.ApprovalRequested):
        assert entry.call not in {*now.approvals, *now.verdicts, *now.calls}
        now.approvals.add(entry.call)
    else:
        now.approvals.remove(entry.call)
        now.verdicts[entry.call] = entry.verdict


def _check_question(entry: e.QuestionAsked | e.QuestionAnswered, now: _Open) -> None:
    if isinstance(entry, e.QuestionAsked):
        assert now.calls[entry.question], "asked by a call that was not begun"
        assert entry.question not in now.questions
        now.questions.add(entry.question)
    else:
        now.questions.remove(entry.question)


def _check_child(entry: e.AnyEntry, now: _Open) -> None:
    match entry:
        case e.LoanIntended():
            assert entry.session not in now.loans, "lent twice"
            assert now.calls[entry.call]
            now.loans[entry.session] = "intended"
        case e.LoanMade():
            assert now.loans[entry.session] == "intended"
            now.loans[entry.session] = "made"
        case e.LoanAssumed():
            assert now.loans.get(entry.session) != "intended"
            now.loans[entry.session] = "made"
        case e.LoanReturned():
            assert entry.session in now.loans, "returned twice"
            del now.loans[entry.session]
        case e.TaskGiven():
            assert entry.session in now.loans
            assert (entry.session, entry.turn) not in now.given
            now.given.add((entry.session, entry.turn))
        case e.ChildNews() | e.QuestionAsked() | e.QuestionAnswered():
            _read(entry, now)
            if isinstance(entry, e.ChildNews) and entry.cause is not None:
                assert entry.session in now.loans, "a report of nobody's"
                assert entry.turn is not None
                now.told[entry.session, entry.turn] += 1
        case e.ApprovalRequested() | e.ApprovalResolved():
            _read(entry, now)
        case _:
            pass


def _read(
    entry: e.ChildNews
    | e.QuestionAsked
    | e.QuestionAnswered
    | e.ApprovalRequested
    | e.ApprovalResolved,
    now: _Open,
) -> None:
    assert entry.upto > now.read.get(entry.via, 0), "read twice, or backwards"
    now.read[entry.via] = entry.upto
