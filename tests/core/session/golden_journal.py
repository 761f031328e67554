"""Write the golden journal of the format that this podd writes.

    python -m tests.core.session.golden_journal > .../golden/format-N.jsonl

Once for each format, when it is new. A file that is there is never written again:
what it is good for is that it is old.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import msgspec

from podd.core.context.conversation import ReasoningPart
from podd.core.session import entries as e
from podd.core.session.chain import GENESIS, seal
from podd.core.turn import inputs as i
from tests.core.turn.host import (
    CANCEL,
    NOW,
    OTHER,
    PAUSE,
    RENDERED,
    RESTORED,
    RESUME,
    Host,
    at_most,
    call,
    finished,
    queued,
    steered,
    told,
)


def story() -> list[e.AnyEntry]:
    """A session in which everything happens that can."""
    host = Host(settings=at_most(2))
    host.record(
        e.SessionStarted(
            format=e.FORMAT,
            session="019aa3b0-0000-7000-8000-000000000001",
            pod="golden",
            origin=e.Origin(kind="new"),
            manifest={"pod": {"name": "golden"}},
            podd="0.1.0",
        )
    )
    host.tell(RESTORED)
    host.record(e.SeqReserved(upto=1000))
    host.tell(RENDERED)
    host = _limited_turn(host)
    host.tell(queued("Try again."))
    host.fails("overloaded", partial="I was about to")
    host.tell(queued("Write it."))
    host.answers(call("write_file", '{"path":"b"}'))
    host.tell(CANCEL)
    host.tell(i.SurfaceRendered(**_fields(OTHER), manifest={"pod": {"name": "new"}}))
    host.tell(queued("Write it, really."))
    host.answers("Now.", call("write_file", '{"path":"c"}'))
    host.tell(NOW)
    host = host.crash()
    host.tell(RESTORED)
    host.tell(queued("And then?", key="k2"))
    host.tell(told("The build is green.", wake=True, key="k1"))
    return host.entries


def _limited_turn(host: Host) -> Host:
    host.tell(queued("Look around. Grüße 🙂", key="k1"))
    host.tell(told("It rains."))
    host.answers(
        ReasoningPart("Where to begin?", replay="opaque"),
        "Let me see.",
        call("read_file", '{"path":"a"}', provider_call="call_1"),
        call("write_file", '{"path":"b"}', provider_call="call_2"),
        call("write_file", '{"path":', provider_call="call_3"),
    )
    host.tell(PAUSE)
    host.tell(finished("t1.1.1", output="one\ntwo", spilled_to="/outputs/1"))
    change = i.FileChange(path="/b", change="created", before=None, after="b" * 64)
    host.tell(finished("t1.1.2", changes=(change,)))
    host.tell(RESUME)
    host = host.crash()
    host.tell(RESTORED)
    host.answers(call("write_file", "{}"))
    host = host.crash()
    host.tell(steered("Hurry."))
    host.tell(RESTORED)
    host.answers("So far, so good.")
    return host


def _fields(fact: i.SurfaceRendered) -> dict[str, object]:
    return {"surface": fact.surface, "cause": fact.cause}


def chained(entries: Iterable[e.AnyEntry]) -> Iterator[bytes]:
    """A journal of these entries, line by line."""
    digest = GENESIS
    for entry in entries:
        line, digest = seal(msgspec.json.encode(entry), digest)
        yield line


if __name__ == "__main__":
    sys.stdout.buffer.writelines(chained(story()))
