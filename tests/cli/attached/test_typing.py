"""What is typed reaches the pod, or is given back: at a real terminal."""

from __future__ import annotations

import threading

import pytest

from podd_protocol import events as v
from podd_protocol.replies import (
    Accepted,
    ChildStatus,
    Failure,
)
from podd_protocol.requests import (
    Cancel,
    Notify,
    Pause,
    Run,
)
from podd_protocol.values import Completed, Usage
from tests.cli.attached.terminal_at import (
    ALT_ENTER,
    CTRL_C,
    CTRL_D,
    CTRL_J,
    ENTER,
    UP,
    terminal_at,
)
from tests.client.fake_pod import fake_pod

pytestmark = pytest.mark.processes

AT = "2026-11-20T10:00:00.000Z"
READY = "Enter runs"


def _delta(text):
    return v.TextDelta(turn="t1", step=1, attempt=1, text=text)


def test_what_is_typed_is_run_and_told(demo):
    demo.on_run = lambda pod: pod.say(
        v.InputAccepted(turn="t1", cause="c1", origin="user", text="sow beans", at=AT),
        v.TurnStarted(turn="t1", causes=["c1"], at=AT),
        v.StateChanged(state="running", at=AT),
        _delta("Sowing"),
    )
    with terminal_at("attach", "demo") as person:
        person.see(READY)
        person.type("sow beans" + ENTER)
        run = demo.wait_for(Run)
        person.see("you  sow beans")
        person.see("Sowing")
        person.see("Enter steers")
        demo.say(_delta(" them.\nDone"))
        person.see("Sowing them.\n")
        demo.say(
            v.Text(turn="t1", step=1, text="Sowing them.\nDone.", at=AT),
            v.TurnEnded(
                turn="t1",
                outcome=Completed(),
                text="Done.",
                value=None,
                usage=Usage(input_tokens=5, requests=1),
                at=AT,
            ),
            v.StateChanged(state="idle", at=AT),
        )
        person.see("Done.")
        person.see("completed · 5 tokens in, 0 out\n")
        person.see(READY)

    assert (run.input, run.when_busy) == ("sow beans", "steer")
    assert run.key


def test_alt_enter_and_a_command_wait_in_line(running):
    with terminal_at("attach", "demo") as person:
        person.see("Enter steers")
        person.type("first" + ALT_ENTER)
        first = running.wait_for(Run)
        person.type("/queue second" + ENTER)
        second = running.wait_for(Run)
        person.type("third" + ENTER)
        third = running.wait_for(Run)

    assert [(r.input, r.when_busy) for r in (first, second, third)] == [
        ("first", "queue"),
        ("second", "queue"),
        ("third", "steer"),
    ]


def test_a_paste_of_many_lines_is_one_input_also_while_text_streams(running):
    pasted = "\n".join(f"line {n}" for n in range(30))
    with terminal_at("attach", "demo") as person:
        person.see("Enter steers")
        for n in range(20):
            running.say(_delta(f"word {n}\n"))
        person.paste(pasted + "\n")
        person.see("lines ·")
        for n in range(20, 40):
            running.say(_delta(f"word {n}\n"))
        person.see("word 39")
        person.type(ENTER)
        run = running.wait_for(Run)

    assert run.input == pasted
    assert "/" not in run.input


def test_lines_can_be_typed_too(demo):
    with terminal_at("attach", "demo") as person:
        person.see(READY)
        person.type("one" + CTRL_J + "two" + ENTER)

        assert demo.wait_for(Run).input == "one\ntwo"


def test_a_refused_text_stands_in_the_line_again(universe):
    def answer(_pod, request):
        if isinstance(request, Run):
            return Failure(id=request.id, code="storage", message="no room")
        return None

    with (
        fake_pod(universe.socket("demo"), answer=answer) as pod,
        terminal_at("attach", "demo") as person,
    ):
        person.see(READY)
        person.type("precious" + ENTER)
        person.see("not sent: pod 'demo': no room")
        person.see("demo> precious")
        first = pod.wait_for(Run)
        person.type(ENTER)
        again = pod.wait_for(Run)
        person.see("demo> precious")
        person.type(CTRL_D)

        assert person.exit_code() == 0
        assert (again.input, again.key) == (first.input, first.key)
        assert "not sent:\nprecious\n" in person.text


def test_a_refused_text_is_reprinted_where_something_else_is_typed(universe):
    go = threading.Event()

    def answer(_pod, request):
        if isinstance(request, Run):
            go.wait(10)
            return Failure(id=request.id, code="storage", message="no room")
        return None

    with (
        fake_pod(universe.socket("demo"), answer=answer),
        terminal_at("attach", "demo") as person,
    ):
        person.see(READY)
        person.type("precious" + ENTER)
        person.type("new")
        person.see("new")
        go.set()
        person.see("the arrow up brings it back:\n  precious\n")
        person.see("demo> new")
        person.type(UP)
        person.see("precious")


def test_a_text_whose_fate_is_not_known_keeps_its_key(universe):
    """Sent again it is the same input, so nothing is done twice."""
    answers = [b"garbage\n", None]

    def answer(pod, request):
        if not isinstance(request, Run):
            return None
        said = answers.pop(0)
        return said or Accepted(id=request.id, cause="c1", turn="t1", position=0)

    with (
        fake_pod(universe.socket("demo"), answer=answer) as pod,
        terminal_at("attach", "demo") as person,
    ):
        person.see(READY)
        person.type("once" + ENTER)
        first = pod.wait_for(Run)
        person.see("not sent")
        person.type(ENTER)
        second = pod.wait_for(Run)

    assert first.key == second.key


def test_a_pod_that_is_slow_to_answer_holds_up_neither_keys_nor_events(universe):
    def answer(_pod, request):
        return b"" if isinstance(request, Run) else None

    with (
        fake_pod(universe.socket("demo"), answer=answer) as pod,
        terminal_at("attach", "demo") as person,
    ):
        person.see(READY)
        person.type("unanswered" + ENTER)
        pod.wait_for(Run)
        pod.say(_delta("news\n"))
        person.see("news\n")
        person.type("still typing")
        person.see("still typing")
        person.type(CTRL_D)

        assert person.exit_code() == 0
        assert "not sent:\nunanswered\nnot sent:\nstill typing\n" in person.text


def test_ctrl_c_cancels_the_turn_and_keeps_what_is_typed(running):
    with terminal_at("attach", "demo") as person:
        person.see("Enter steers")
        person.type("later" + CTRL_C)
        running.wait_for(Cancel)
        running.say(v.StateChanged(state="idle", at=AT))
        person.type(ENTER)

        assert running.wait_for(Run).input == "later"


def test_ctrl_c_without_a_turn_takes_the_text_away_and_up_brings_it_back(demo):
    with terminal_at("attach", "demo") as person:
        person.see(READY)
        person.type(CTRL_C)
        person.see("no turn runs; Ctrl-D leaves")
        person.type("draft" + CTRL_C)
        person.see("the arrow up brings it back")
        person.type(UP)
        person.see("draft")
        person.type(ENTER)

        assert demo.wait_for(Run).input == "draft"
        assert not [r for r in demo.asked.queue if isinstance(r, Cancel)]


def test_commands_do_what_they_say(demo):
    demo.children.append(
        ChildStatus(
            pod="demo.left",
            session="s1",
            parent="demo",
            state="idle",
            ended=None,
            turn=None,
            outcome=Completed(),
            lent=[],
            usage=Usage(),
            waiting_for=None,
        )
    )
    with terminal_at("attach", "demo") as person:
        person.see(READY)
        person.type("/pause" + ENTER)
        demo.wait_for(Pause)
        person.type("/note it rains" + ENTER)
        assert demo.wait_for(Notify).message == "it rains"
        person.type("/children" + ENTER)
        person.see("demo.left is idle, completed")
        person.type("/status" + ENTER)
        person.see("state     idle")
        person.type("/help" + ENTER)
        person.see("/child NAME")
        person.type("/dance" + ENTER)
        person.see("there is no command /dance")
        person.see("demo> /dance")
        person.type("\x15" + "/child nobody" + ENTER)
        person.see("there is no child 'nobody'; these live: demo.left")
        person.type("//etc is full" + ENTER)
        assert demo.wait_for(Run).input == "/etc is full"
        person.type("/quit" + ENTER)

        assert person.exit_code() == 0
