"""What the next process finds of the calls that were cut off, before it goes on.

Only of those that may not run twice: of them the model is told what is known. Whatever
cannot be read leaves that part unknown; a restore does not fail over it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from podd.core.pod.state import PodState
from podd.core.scope.rules import Scope
from podd.core.session.stamps import epoch_seconds
from podd.core.turn.effects import RunTool
from podd.core.turn.known import Changes, KnownOfCall
from podd.core.turn.pending import pending
from podd.tools.changed_files import ChangedFiles
from podd.tools.interrupted_write import is_written
from podd.tools.output_store import OutputStore, encode
from podd.tools.scoped_files import ScopedFiles

#: Files that are named to the model; of more it is told how many.
MOST_NAMED: Final = 20


def interrupted(state: PodState) -> tuple[RunTool, ...]:
    """The calls that had started, have no result and may not run again."""
    return tuple(
        effect
        for effect in pending(state)
        if isinstance(effect, RunTool) and not effect.repeatable
    )


class Inquest(msgspec.Struct, frozen=True, kw_only=True):
    """Looks at what calls have left behind."""

    scope: Scope
    """What the pod may touch now, without what it has lent."""
    files: ScopedFiles
    outputs: OutputStore
    redact: Callable[[str], str]
    monotonic: Callable[[], float]

    def known(
        self, state: PodState, calls: Sequence[RunTool]
    ) -> tuple[KnownOfCall, ...]:
        """Tell what can be found of each; bounded (see `changed_files`)."""
        began = {call.call: _began(state, call.call) for call in calls}
        moments = [moment for moment in began.values() if moment is not None]
        changed = None
        if moments:
            changed = ChangedFiles(self.scope, min(moments), self.monotonic)
        return tuple(self._of(call, began[call.call], changed) for call in calls)

    def _of(
        self, call: RunTool, began: float | None, changed: ChangedFiles | None
    ) -> KnownOfCall:
        kept = self.outputs.so_far(call.name, call.call)
        changes = None
        if changed is not None and began is not None:
            paths = changed.since(began)
            changes = Changes(
                paths=tuple(map(self._shown, paths[:MOST_NAMED])),
                more=max(0, len(paths) - MOST_NAMED),
                is_complete=changed.is_complete,
            )
        return KnownOfCall(
            call=call.call,
            output="" if kept is None else self.redact(kept.text),
            output_bytes=0 if kept is None else kept.size,
            spilled_to=None if kept is None else kept.spilled_to,
            is_written=is_written(self.files, call.name, call.arguments),
            changes=changes,
        )

    def _shown(self, path: str) -> str:
        # A name that is not UTF-8 must still fit into an entry.
        shown = encode(self.files.shown(path)).decode()
        return self.redact(shown) + ("/" if path.endswith("/") else "")


def _began(state: PodState, call: str) -> float | None:
    assert state.turn is not None, "only a turn has calls"
    try:
        return epoch_seconds(state.turn.calls[call].started_at or "")
    except ValueError:
        return None
