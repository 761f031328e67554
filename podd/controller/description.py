"""What a pod says of itself: `welcome`, `status` and the status file."""

from __future__ import annotations

from typing import Literal

import msgspec

import podd
from podd.core.pod.state import PodState
from podd.core.scope.rules import Scope
from podd.core.turn.states import public_state
from podd.runtime.feed import Feed
from podd.runtime.storage import Storage
from podd_protocol.lines import LINE_BYTES
from podd_protocol.replies import (
    Limits,
    QueuedTurn,
    RunningCall,
    ScopeSummary,
    StatusReply,
    Welcome,
)
from podd_protocol.requests import MIN_PROTOCOL, PROTOCOL


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a client may want to know that is no event."""

    name: str
    state: PodState
    feed: Feed
    storage: Storage
    scope: Scope
    workdir: str
    model: str
    tools: tuple[str, ...]
    max_steps: int
    pid: int
    started_at: str

    def welcome(self, number: int) -> Welcome:
        return Welcome(
            id=number,
            protocol=PROTOCOL,
            min_protocol=MIN_PROTOCOL,
            pod=self.name,
            session=self.state.session,
            state=public_state(self.state),
            seq=self.feed.last,
            model=self.model,
            workdir=self.workdir,
            tools=list(self.tools),
            scope=self.scope_summary(),
            limits=Limits(max_steps=self.max_steps, line_bytes=LINE_BYTES),
            pid=self.pid,
            started_at=self.started_at,
            podd=podd.__version__,
        )

    def status(self, number: int, *, clients: int) -> StatusReply:
        state = self.state
        turn = state.turn
        storage: Literal["ok", "full"] = "full" if self.storage.full else "ok"
        calls = [] if turn is None else turn.calls.values()
        return StatusReply(
            id=number,
            state=public_state(state),
            turn=None if turn is None else turn.turn,
            step=None if turn is None else turn.step,
            tool_calls=[
                RunningCall(call=call.call, name=call.name, since=call.started_at)
                for call in calls
                if call.started_at is not None
            ],
            queue=[
                QueuedTurn(turn=cause.turn, text=cause.text.partition("\n")[0][:200])
                for cause in state.queue
            ],
            usage=state.usage,
            budget={},
            children=[],
            approvals=[],
            questions=[],
            clients=clients,
            pod=self.name,
            session=state.session,
            pid=self.pid,
            started_at=self.started_at,
            model=self.model,
            workdir=self.workdir,
            scope=self.scope_summary(),
            seq=self.feed.last,
            storage=storage,
        )

    def scope_summary(self) -> ScopeSummary:
        scope = self.scope
        return ScopeSummary(
            read=list(scope.paths("read")),
            write=list(scope.paths("write")),
            read_only=list(scope.paths("read_only")),
            hidden=list(scope.paths("hidden")),
            mode=scope.mode,
        )
