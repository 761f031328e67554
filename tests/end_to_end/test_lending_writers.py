"""A parent that writes into what it lends: not after the grant, again after the return.

The child looks at what is its own by now, twice, and says what it saw.
"""

from __future__ import annotations

import time

import pytest

from podd.core.session import entries as e
from podd.sandbox.probe import probe
from podd_protocol.requests import Run
from tests.end_to_end.families import (
    Parent,
    call,
    calls,
    of_kind,
    results,
    says,
    spawned,
    write_child,
)
from tests.launch.pods import (
    OUTLIVES,
    connected,
    entries,
    held,
    kill_all,
    subscribed,
    until,
)

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.processes,
    pytest.mark.filterwarnings(OUTLIVES),
    pytest.mark.skipif(probe().means is None, reason="no command is confined here"),
]

#: Writes as fast as it can; {0}: where, {1}: for how many seconds.
LOOP = (
    "end=$(( $(date +%s%3N) + {1}000 )); while [ $(date +%s%3N) -lt $end ]; do "
    "{{ echo >> {0}/shell; }} 2> why && ok=1 || no=1; done; echo ok=$ok no=$no; cat why"
)

LOOK = "sha256sum * | sort; ls -la --full-time; "


@pytest.fixture
def places(universe):
    yield universe
    kill_all(universe)


def _written(number: int, to: str = "left"):
    return "write_file", {"path": f"{to}/tool-{number}", "content": str(number)}


def test_after_the_grant_nothing_of_the_parent_lands_there_until_the_return(
    places, tmp_path
):
    write_child(
        tmp_path,
        call("bash", command=f"{LOOK} sleep 0.6; echo ---; {LOOK}"),
        says("{{result bash | lines 2-}}"),
    )
    files = [_written(number) for number in range(30)]
    # At the same time: a loop that began before, file tools, the loan.
    together = [
        ("bash", {"command": LOOP.format("left", 1), "timeout_seconds": 20}),
        *files[:15],
        ("spawn_pod", spawned("left")),
        *files[15:],
    ]
    parent = Parent(
        places,
        tmp_path,
        calls(*together),
        # The child works; all of this is refused.
        calls(("bash", {"command": LOOP.format("left", 1)}), *files[:5]),
        call("wait_pods", names=["left"]),
        call("stop_pod", name="left"),
        calls(("bash", {"command": LOOP.format("left", 1)}), *files[:5]),
        says("done"),
    )
    parent.start()
    parent.path("left").mkdir()

    done = results(parent.run())

    assert done["t1.1.1"].status == "ok"
    assert done["t1.1.1"].output.startswith("ok=1 no=")
    assert done["t1.1.17"].status == "ok", done["t1.1.17"]
    verdicts = [done[f"t1.1.{number}"].status for number in range(2, 33)]
    del verdicts[15]
    assert set(verdicts) <= {"ok", "denied"}
    # While it is lent, by shell and by tool.
    assert done["t1.2.1"].output.startswith("ok= no=1\n")
    assert "Read-only" in done["t1.2.1"].output
    for number in range(2, 7):
        assert done[f"t1.2.{number}"].status == "denied"
        assert "demo.left" in done[f"t1.2.{number}"].summary
    # What the child saw stayed as it was.
    (news,) = [
        one
        for one in of_kind(e.ChildNews, entries(places, parent.session))
        if one.news == "turn_ended"
    ]
    before, _, after = news.text.partition("---\n")
    assert "shell" in before
    assert before.rstrip("\n") == after.rstrip("\n")
    # What was granted to write is there, what was refused is not.
    names = {f"tool-{number}" for number in range(30)}
    assert {name for name in names if name in before} == {
        f"tool-{number}" for number, one in enumerate(verdicts) if one == "ok"
    }
    # After the return.
    assert done["t1.5.1"].output == "ok=1 no=\n"
    assert {done[f"t1.5.{number}"].status for number in range(2, 7)} == {"ok"}


def test_what_a_command_is_writing_is_not_lent_and_the_command_is_named(
    places, tmp_path
):
    write_child(tmp_path)
    loop = "while :; do echo x >> left/loop; sleep 0.02; done"
    parent = Parent(
        places,
        tmp_path,
        call("bash", command=loop, background=True),
        calls(
            ("spawn_pod", spawned("left")),
            ("spawn_pod", spawned("right", scope={"read": ["."]})),
        ),
        call("stop_command", command="t1.1.1"),
        call("spawn_pod", **spawned("left")),
        says("done"),
    )
    pod = parent.start()
    parent.path("left").mkdir()

    with subscribed(pod, after=None) as connection, connected(pod) as control:
        control.ask(Run(id=0, input="go"))
        began = time.monotonic()
        seen = until(connection, "tool_result")
        while len(results(seen)) < 2:
            seen += until(connection, "tool_result")
        assert "t1.2.2" in results(seen)
        assert time.monotonic() - began < 10, "the one waited for the other"
        seen += until(connection, "turn_ended")

    done = results(seen)
    refused = done["t1.2.1"]
    assert refused.status == "error"
    assert "t1.1.1" in refused.summary
    assert "left" in refused.summary
    assert done["t1.2.2"].status == "ok"
    assert done["t1.3.1"].status == "ok"
    assert done["t1.4.1"].status == "ok"
    assert held(places) == ["demo", "demo.left", "demo.right"]


def test_a_loan_of_what_does_not_exist_makes_it_for_the_child_to_write(
    places, tmp_path
):
    write_child(
        tmp_path, call("write_file", path="made", content="by the child"), says("done")
    )
    parent = Parent(
        places,
        tmp_path,
        call("spawn_pod", **spawned("left", scope={"write": ["new/deep"]})),
        call("wait_pods", names=["left"]),
        says("done"),
    )
    parent.start()

    done = results(parent.run())

    assert [one.status for one in done.values()] == ["ok", "ok"]
    assert parent.path("new", "deep", "made").read_text("utf-8") == "by the child"
