"""The golden journal of a session in which the model was shown pictures.

    python -m tests.core.session.golden_pictures > .../golden/format-1-pictures.jsonl

The fields for them came after the other journals of format 1, and are left out of an
entry that has none.
"""

from __future__ import annotations

import sys
from typing import Final

from podd.core.context.conversation import (
    DocumentPart,
    ImagePart,
    TextPart,
    ToolCallPart,
)
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from tests.core.session.golden_journal import chained
from tests.core.turn.host import RENDERED, RESTORED, Host, call, finished, queued

LEAF: Final = ImagePart("image/png", "iVBORw0KGgo=", name="leaf.png")
BED: Final = ImagePart(url="https://garden.example/bed.jpg")
ALMANAC: Final = DocumentPart("application/pdf", "JVBERi0=", "almanac.pdf")
READ: Final = ToolCallPart("", "read_file", '{"path":"b"}')


def story() -> list[e.AnyEntry]:
    """Prose alone, then with pictures: in an input, while it ran, and of a tool."""
    host = Host()
    host.record(
        e.SessionStarted(
            format=e.FORMAT,
            session="019aa3b0-0000-7000-8000-000000000004",
            pod="golden",
            origin=e.Origin(kind="new"),
            manifest={"pod": {"name": "golden"}},
            podd="0.1.0",
        )
    )
    host.tell(RESTORED)
    host.record(e.SeqReserved(upto=1000))
    host.tell(RENDERED)
    host.tell(queued("Good morning."))
    host.answers("Good morning.")
    host.tell(
        i.InputQueued(
            text="What ails these?\n\nOr is it the bed?",
            parts=(TextPart("What ails these?"), LEAF, TextPart("Or is it the bed?")),
            key="k1",
        )
    )
    host.answers(call("read_file", '{"path":"a"}'), READ)
    host.tell(i.InputSteered(text="", parts=(BED, ALMANAC)))
    host.tell(finished("t2.1.2"))
    host.tell(finished("t2.1.1", images=(LEAF, BED)))
    host.answers("They are thirsty.")
    return host.entries


if __name__ == "__main__":
    sys.stdout.buffer.writelines(chained(story()))
