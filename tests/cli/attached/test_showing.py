"""What is shown, and how: at a real terminal."""

from __future__ import annotations

import pytest

from podd_protocol import events as v
from podd_protocol.requests import (
    Run,
    Subscribe,
)
from podd_protocol.values import Completed
from tests.cli.attached.terminal_at import (
    CTRL_D,
    ENTER,
    terminal_at,
)
from tests.cli.waiting_things import APPROVAL
from tests.client.fake_pod import fake_pod

pytestmark = pytest.mark.processes

AT = "2026-11-20T10:00:00.000Z"


def test_children_are_a_line_each_and_can_be_unfolded(running, universe):
    def became(kind, **more):
        return v.ChildEvent(
            pod="demo.left", session="s1", kind=kind, parent="demo", at=AT, **more
        )

    with (
        fake_pod(universe.socket("demo.left")) as left,
        terminal_at("attach", "demo") as person,
    ):
        person.see("Enter steers")
        running.say(became("spawned", lent=["/srv/l"], task="Weed"), became("started"))
        person.see("demo.left is spawned, may write /srv/l")
        # Where it was drawn before as starting, only what is new is drawn.
        person.see("running, for")
        person.type("/child left" + ENTER)
        left.wait_for(Subscribe)
        left.say(v.Text(turn="t1", step=1, text="Weeding.\nStill.", at=AT))
        person.see("left │ Weeding.\n  left │ Still.\n")
        person.type("/child left" + ENTER)
        person.see("left │ folded again")
        person.type("/child left" + ENTER)
        left.wait_for(Subscribe)
        left.close()
        person.see("left │ it has ended")
        running.say(became("turn_ended", outcome=Completed(), text="12 weeds"))
        person.see("demo.left completed: 12 weeds")
        person.type("/child left" + ENTER)
        person.see("podctl history demo.left")


def test_what_a_pod_says_moves_no_cursor(running):
    with terminal_at("attach", "demo") as person:
        person.see("Enter steers")
        running.say(
            v.Text(turn="t1", step=1, text="red\x1b[31m\x1b]0;title\x07\x9b2J", at=AT)
        )
        person.see("red[31m]0;title2J\n")

    assert "\x1b[31mtitle" not in person.raw
    assert "\x1b]0;" not in person.raw


@pytest.mark.parametrize("colours", [True, False])
def test_no_color_means_none(running, colours):
    running.approvals.append(APPROVAL)
    environment = {} if colours else {"NO_COLOR": "1"}
    with terminal_at("attach", "demo", **environment) as person:
        person.see("y/n/s>")
        running.say(v.Alert(level="error", source="x", code="y", message="broken"))
        person.see("error: broken")
        person.type(CTRL_D)
        person.exit_code()

    assert bool(person.colours) == colours


def test_a_narrower_window_gets_shorter_lines(running):
    running.say(v.ToolStarted(turn="t1", step=1, call="k", name="bash", at=AT))
    with terminal_at("attach", "demo") as person:
        person.see("Alt-Enter queues")
        person.resize(24, 30)
        person.see("…")
        person.type("ok" + ENTER)

        assert running.wait_for(Run).input == "ok"
