"""The golden journal of a session that was forked and rewound.

    python -m tests.core.session.golden_branches > .../golden/format-1-branches.jsonl

Its entries came after the first podd of format 1, so it lies beside that one's.
"""

from __future__ import annotations

import sys

import msgspec

from podd.core.pod.boundary import boundary
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from tests.core.session.golden_journal import chained
from tests.core.turn.family import SETTINGS, asks, begun, planned, read, wants, working
from tests.core.turn.host import RESTORED, Host, call, finished, queued, told


def story() -> list[e.AnyEntry]:
    """A fork in which much was open, which is taken up and rewound."""
    host = _forked()
    host.tell(RESTORED)
    host.tell(queued("Write it.", key="k2"))
    host.answers(call("write_file"))
    change = i.FileChange(path="/w/a", change="created", before=None, after="a" * 64)
    turn = host.state.turn
    assert turn is not None
    host.tell(finished(f"{turn.turn}.1.1", changes=(change,)))
    host.answers("Written.")
    host.tell(i.RewindRequested(to="t1"))
    host.tell(queued("Otherwise, then."))
    host.answers("As you like.")
    return host.entries


def _forked() -> Host:
    """Entries of an original, up to a point between two steps, and the boundary."""
    host = working()
    host.answers(call("bash"), call("spawn_pod"))
    host.tell(begun("t1.1.1"))
    host.tell(finished("t1.1.1"))
    host.tell(planned("a", "t1.1.2"))
    host.tell(i.ChildReady(session="s-a"))
    host.tell(read(host, asks("a", "t2.1.1", to="user"), wants("a", call="t2.1.2")))
    host.tell(queued("And then?", key="k1"))
    host.tell(i.PauseRequested())
    host.tell(finished("t1.1.2"))
    host.tell(told("It rains."))
    first, *rest = host.entries
    assert isinstance(first, e.SessionStarted)
    origin = e.Origin(
        kind="fork", session=first.session, n=host.state.n, digest="d" * 64
    )
    fork = "019aa3b0-0000-7000-8000-000000000002"
    begin = msgspec.structs.replace(first, session=fork, origin=origin)
    forked = Host.restored([begin, *rest], SETTINGS)
    forked.record(boundary(host.state))
    return forked


if __name__ == "__main__":
    sys.stdout.buffer.writelines(chained(story()))
