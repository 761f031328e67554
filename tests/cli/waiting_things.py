"""What waits, and who works below, as a pod's status tells it."""

from __future__ import annotations

from podd_protocol.replies import ApprovalStatus, ChildStatus, QuestionStatus
from podd_protocol.values import Completed, Usage

APPROVAL = ApprovalStatus(
    call="t1.1",
    pod="demo.left",
    name="bash",
    arguments={"command": "git push"},
    reason="rule 1",
    since="2026-11-20T10:00:01.000Z",
)
QUESTION = QuestionStatus(
    question="t2.1",
    pod="demo",
    text="Beans or peas?",
    choices=["beans", "peas"],
    to="user",
    since="2026-11-20T10:00:02.000Z",
)
CHILD = ChildStatus(
    pod="demo.left",
    session="0190a000-0000-7000-8000-000000000002",
    parent="demo",
    state="running",
    ended=None,
    turn="t1",
    outcome=Completed(),
    lent=["/srv/l", "/srv/m"],
    usage=Usage(),
    waiting_for="user",
)
ENDED_CHILD = ChildStatus(
    pod="demo.old",
    session="0190a000-0000-7000-8000-000000000003",
    parent="demo",
    state="ended",
    ended="crashed",
    turn=None,
    outcome=Completed(),
    lent=[],
    usage=Usage(),
    waiting_for=None,
)
