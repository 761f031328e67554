"""The golden journal of turns with code, limits, and answers that were asked for again.

    python -m tests.core.session.golden_turns > .../golden/format-1-turns.jsonl

Its entries, and the time that each took, came after the first podd of format 1. It
holds an entry of every kind, so it has the newest shape of each.
"""

from __future__ import annotations

import sys
from typing import Final

import msgspec

from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd.core.turn.drivers.code import Code
from tests.core.session import golden_children
from tests.core.session.golden_journal import chained
from tests.core.turn import family
from tests.core.turn.host import (
    CANCEL,
    NOW,
    PAUSE,
    RESTORED,
    RESUME,
    Host,
    block,
    code_called,
    code_over,
    finished,
    queued,
    told,
    wants_object,
)

SETTINGS: Final = msgspec.structs.replace(
    family.SETTINGS,
    driver=Code(),
    output_problem=wants_object,
    tokens=250,
    wall_seconds=1000,
)


def story() -> list[e.AnyEntry]:
    """The story of the children as it is told today, and how it goes on with code."""
    host = Host.restored(golden_children.story(), SETTINGS)
    host.record(e.SeqReserved(upto=1000))
    host.tell(RESTORED)
    host.tell(CANCEL)
    return _limits(_code(host)).entries


def _code(host: Host) -> Host:
    """A value is refused, its mending breaks off, code calls tools and submits."""
    host.tell(told("The user is away."))
    host.tell(queued("Count.", key="k1"))
    turn = _turn(host)
    host.answers("It is seven.")
    host.answers("I said it: seven.")
    host.fails("cut", partial="Let me", began=True)
    host.tell(PAUSE)
    host.tell(RESUME)
    host.answers(block("n = len(read_file('a'))"))
    step = _step(host)
    host.tell(code_called(step, turn=turn, arguments='{"path":"a"}'))
    host.tell(finished(f"{turn}.{step}.1", output="seven"))
    host.tell(code_called(step, "bash", turn=turn, arguments='{"command":"rm q"}'))
    host.tell(i.ApprovalGiven(call=f"{turn}.{step}.2", verdict="denied", reason="no"))
    host.tell(
        code_over(
            step,
            turn=turn,
            summary="submitted",
            output="seven\n",
            spilled_to="/outputs/3",
            submitted=True,
            value={"n": 7},
        )
    )
    host.tell(queued("Count again."))
    host.answers(block("while True: pass"))
    host.tell(NOW)
    host = host.crash()
    host.tell(RESTORED)
    host.answers(block("look()"))
    host.tell(code_called(_step(host), turn=_turn(host)))
    host = host.crash()
    host.tell(RESTORED)
    return host


def _limits(host: Host) -> Host:
    """Its tokens are spent, and later it gets more."""
    while host.state.turn is not None and host.state.turn.limit is None:
        host.answers(block("look()"))
        host.tell(code_over(_step(host), turn=_turn(host)))
    host.answers("So far, seven.")
    host.tell(queued("And now?"))
    raised = msgspec.structs.replace(SETTINGS, tokens=1000)
    host = Host.restored(host.entries, raised)
    host.tell(RESTORED)
    host.tell(queued("And now, with more?"))
    host.answers(block("look()"))
    host.tell(code_called(_step(host), turn=_turn(host)))
    return host


def _turn(host: Host) -> str:
    assert host.state.turn is not None
    return host.state.turn.turn


def _step(host: Host) -> int:
    assert host.state.turn is not None
    return host.state.turn.step


if __name__ == "__main__":
    sys.stdout.buffer.writelines(chained(story()))
