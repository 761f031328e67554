"""What a pod says of itself: `welcome`, `status` and the status file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec

import podd
from podd.core.pod.child import Child
from podd.core.pod.state import PodState
from podd.core.scope.rules import Scope
from podd.core.session.waiting_events import shown_arguments
from podd.core.turn.states import public_state
from podd.manifest.schema import Manifest
from podd.runtime.feed import Feed
from podd.runtime.storage import Storage
from podd_protocol.lines import LINE_BYTES
from podd_protocol.replies import (
    ApprovalStatus,
    ChildStatus,
    CommandStatus,
    Limits,
    QuestionStatus,
    QueuedTurn,
    RunningCall,
    SandboxStatus,
    ScopeSummary,
    StatusReply,
    UsageReply,
    Welcome,
)
from podd_protocol.requests import MIN_PROTOCOL, PROTOCOL
from podd_protocol.values import Asked

if TYPE_CHECKING:
    from podd.runtime.confinement import Confinement


def _nothing_asked() -> None:
    """For a pod that runs no commands."""


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What of the manifest a client is told; a `configure` changes it."""

    model: str
    instruction: str
    tools: tuple[str, ...]
    limits: Limits


def declared(manifest: Manifest) -> Declared:
    """What a client is told of this manifest."""
    return Declared(
        model=manifest.model.ref,
        instruction=manifest.agent.instruction,
        tools=manifest.tools.allow,
        limits=Limits(
            max_steps=manifest.agent.max_steps,
            line_bytes=LINE_BYTES,
            pods=manifest.limits.pods,
            depth=manifest.limits.depth,
            tokens=manifest.limits.tokens,
            wall_seconds=manifest.limits.wall_seconds,
            cost_usd=manifest.limits.cost_usd,
        ),
    )


class Description(msgspec.Struct, kw_only=True):
    """Everything a client may want to know that is no event."""

    name: str
    state: PodState
    feed: Feed
    storage: Storage
    scope: Scope
    workdir: str
    declared: Declared
    pid: int
    started_at: str
    confinement: Callable[[], Confinement | None] = _nothing_asked

    def declare(self, declared: Declared) -> None:
        """Say this from now on."""
        self.declared = declared

    def _tools(self) -> list[str]:
        surface = self.state.surface
        if surface is None:
            return [*self.declared.tools]
        return [tool.name for tool in surface.tools]

    def welcome(self, number: int) -> Welcome:
        return Welcome(
            id=number,
            protocol=PROTOCOL,
            min_protocol=MIN_PROTOCOL,
            pod=self.name,
            session=self.state.session,
            state=public_state(self.state),
            seq=self.feed.last,
            model=self.declared.model,
            workdir=self.workdir,
            tools=self._tools(),
            scope=self.scope_summary(),
            limits=self.declared.limits,
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
            children=[self._child(child) for child in state.children.values()],
            approvals=[
                ApprovalStatus(
                    call=asked.call,
                    pod=asked.pod,
                    name=asked.name,
                    arguments=shown_arguments(asked.arguments),
                    reason=asked.reason,
                    since=asked.since,
                )
                for asked in state.approvals.values()
            ],
            questions=[
                QuestionStatus(
                    question=asked.question,
                    pod=asked.pod,
                    text=asked.text,
                    choices=list(asked.choices),
                    to=asked.to,
                    since=asked.since,
                )
                for asked in state.questions.values()
            ],
            commands=[
                CommandStatus(
                    command=command.command,
                    call=command.call,
                    text=command.text,
                    since=command.since,
                    output=command.output,
                )
                for command in state.commands.values()
            ],
            sandbox=self._sandbox(),
            clients=clients,
            pod=self.name,
            session=state.session,
            pid=self.pid,
            started_at=self.started_at,
            model=self.declared.model,
            instruction=self.declared.instruction,
            tools=self._tools(),
            limits=self.declared.limits,
            workdir=self.workdir,
            scope=self.scope_summary(),
            seq=self.feed.last,
            storage=storage,
        )

    def _sandbox(self) -> SandboxStatus | None:
        found = self.confinement()
        if found is None:
            return None
        return SandboxStatus(means=found.report.means, gaps=list(found.report.gaps))

    def _child(self, child: Child) -> ChildStatus:
        to: list[Asked] = [
            asked.to
            for asked in self.state.questions.values()
            if asked.pod == child.pod
        ]
        if any(asked.pod == child.pod for asked in self.state.approvals.values()):
            to.append("user")
        return ChildStatus(
            pod=child.pod,
            session=child.session,
            parent=child.parent,
            state=child.state,
            ended=child.end,
            turn=child.turns[0] if child.turns else None,
            outcome=None if child.report is None else child.report.outcome,
            lent=list(child.lent),
            usage=child.usage,
            waiting_for=to[0] if to else None,
        )

    def usage(self, number: int) -> UsageReply:
        """What was spent here, and with all below; each child counted once."""
        return UsageReply(id=number, own=self.state.usage, tree=self.state.tree_usage)

    def scope_summary(self) -> ScopeSummary:
        scope = self.scope
        return ScopeSummary(
            read=list(scope.paths("read")),
            write=list(scope.paths("write")),
            read_only=list(scope.paths("read_only")),
            hidden=list(scope.paths("hidden")),
            lent=[
                path
                for child in self.state.children.values()
                if child.is_lent_to
                for path in child.lent
            ],
            mode=scope.mode,
        )
