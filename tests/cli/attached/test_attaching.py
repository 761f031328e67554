"""`podctl attach`: at a real terminal, with a pod that says what a test wants."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
import threading

import pytest

from podd.core.session import entries as e
from podd_protocol import events as v
from podd_protocol.replies import (
    Accepted,
    ApprovalStatus,
    ChildStatus,
    Failure,
    QuestionStatus,
)
from podd_protocol.requests import (
    Answer,
    Approve,
    Cancel,
    Deny,
    Notify,
    Pause,
    Run,
    Shutdown,
    Subscribe,
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
from tests.cli.command_line import podctl
from tests.cli.session_written import TURN, session_written
from tests.client.fake_pod import fake_pod

pytestmark = pytest.mark.processes

AT = "2026-11-20T10:00:00.000Z"
READY = "Enter runs"


@pytest.fixture
def demo(universe):
    """Give a live pod of this name."""
    with fake_pod(universe.socket("demo")) as pod:
        yield pod


@pytest.fixture
def running(demo):
    """Give one that has a turn open."""
    demo.state, demo.turn = "running", "t1"
    return demo


def _delta(text):
    return v.TextDelta(turn="t1", step=1, attempt=1, text=text)


def _approval(call="k1", pod="demo.left", command="git push"):
    return ApprovalStatus(
        call=call,
        pod=pod,
        name="bash",
        arguments={"command": command},
        reason="a rule",
        since=AT,
    )


def _asked(one):
    return v.ApprovalRequested(
        call=one.call,
        pod=one.pod,
        name=one.name,
        arguments=one.arguments,
        reason=one.reason,
        wait_seconds=600.0,
        at=one.since,
    )


def _resolved(one):
    return v.ApprovalResolved(
        call=one.call,
        pod=one.pod,
        verdict="approved",
        by="user",
        remember="once",
        reason="",
        at=AT,
    )


def _question(*choices):
    return QuestionStatus(
        question="q1",
        pod="demo",
        text="Beans or peas?",
        choices=list(choices),
        to="user",
        since=AT,
    )


def test_the_first_line_says_how_to_leave_and_leaving_changes_nothing(demo):
    with terminal_at("attach", "demo") as person:
        before = termios.tcgetattr(person.process_terminal)
        person.see(READY)
        person.type(CTRL_D)

        assert person.exit_code() == 0
        assert termios.tcgetattr(person.process_terminal) == before
    first, *_ = person.text.splitlines()
    assert first.startswith("attached to demo: ")
    assert "Ctrl-C cancels the turn" in first
    assert "Ctrl-D leaves" in first
    assert "podctl attach demo" in person.text.splitlines()[-1]
    assert person.raw.rfind("\x1b[?2004l") > person.raw.rfind("\x1b[?2004h")
    asked = [demo.asked.get() for _ in range(demo.asked.qsize())]
    assert not [r for r in asked if isinstance(r, Shutdown | Cancel)]


def test_what_was_is_shown_folded_and_what_is_goes_on_from_there(universe):
    long = "\n".join(f"line {n}" for n in range(40))
    written = session_written(
        universe,
        "demo",
        *TURN,
        e.InputAccepted(seq=7, turn="t2", cause="c2", origin="user", text=long),
        e.TurnStarted(seq=8, turn="t2", causes=("c2",)),
        closed=False,
    )
    with fake_pod(universe.socket("demo")) as pod:
        pod.session, pod.state, pod.turn = written.session, "running", "t2"
        with terminal_at("attach", "demo") as person:
            person.see("you  Hello\nGood day.\n  completed")
            person.see("you  line 0")
            person.see("… 37 more lines")
            subscribed = pod.wait_for(Subscribe)
            person.see("running t2")
            person.type(UP)
            person.see("line 39")

    assert subscribed.after == 7


def test_a_journal_that_cannot_be_read_keeps_nobody_from_talking(demo):
    demo.seq = 41
    with terminal_at("attach", "demo") as person:
        person.see("what was cannot be shown")
        person.see(READY)

    assert demo.wait_for(Subscribe).after == 41


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
        person.see("Done.\n  completed · 5 tokens in, 0 out\n")
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


def test_a_pod_that_dies_says_how_to_resume_and_keeps_what_was_typed(demo):
    with terminal_at("attach", "demo") as person:
        person.see(READY)
        person.type("half a sen")
        person.see("half a sen")
        demo.close()

        assert person.exit_code() == 8
        assert "not sent:\nhalf a sen\n" in person.text
        assert f"podctl resume {demo.session}" in person.text


def test_a_pod_that_ends_in_order_is_no_error(demo):
    with terminal_at("attach", "demo") as person:
        person.see(READY)
        demo.say(v.StateChanged(state="stopping", at=AT), v.Stopping(mode="drain"))
        demo.close()

        assert person.exit_code() == 0
        assert "demo has ended; podctl resume demo goes on" in person.text


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
        person.type(UP + ENTER)

        assert demo.wait_for(Run).input == "draft"
        assert not [r for r in demo.asked.queue if isinstance(r, Cancel)]


@pytest.mark.parametrize(
    ("typed", "kind", "remember", "reason"),
    [
        ("y", Approve, "once", None),
        ("yes, do", Approve, "once", "do"),
        ("s", Approve, "session", None),
        ("n use the fork", Deny, "once", "use the fork"),
    ],
)
def test_an_approval_is_answered_in_place(running, typed, kind, remember, reason):
    one = _approval()
    running.approvals.append(one)
    with terminal_at("attach", "demo") as person:
        person.see("? demo.left asks to run bash git push (a rule)")
        person.see("y/n/s>")
        person.type(typed + ENTER)
        said = running.wait_for(kind)
        running.say(_resolved(one))
        person.see("demo.left: call k1 approved by user")
        person.see("demo>")

    assert (said.call, said.pod) == ("k1", "demo.left")
    assert (said.remember, said.reason) == (remember, reason)


def test_two_approvals_wait_one_behind_the_other(running):
    first, second = _approval(), _approval(pod="demo.right", command="rm -r x")
    with terminal_at("attach", "demo") as person:
        person.see("Enter steers")
        running.say(_asked(first), _asked(second))
        person.see("? 1 of 2: demo.left asks")
        person.type("y" + ENTER)
        one = running.wait_for(Approve)
        running.say(_resolved(first))
        person.see("? demo.right asks to run bash rm -r x")
        person.type("n" + ENTER)
        two = running.wait_for(Deny)

    assert (one.call, one.pod) == ("k1", "demo.left")
    assert (two.call, two.pod) == ("k1", "demo.right")


def test_who_was_typing_already_approves_nothing(running):
    """The first letters were for the pod, whatever pops up meanwhile."""
    with terminal_at("attach", "demo") as person:
        person.see("Enter steers")
        person.type("y")
        person.see("y")
        running.say(_asked(_approval()))
        person.see("asks to run bash")
        person.type(ENTER)
        said = running.wait_for(Run)

    assert (said.input, said.when_busy) == ("y", "steer")


def test_an_answer_to_what_is_settled_meanwhile_answers_nothing_else(running):
    first, second = _approval(), _approval(pod="demo.right", command="rm -r x")
    running.approvals += [first, second]
    with terminal_at("attach", "demo") as person:
        person.see("? 1 of 2: demo.left asks")
        person.type("y")
        person.see("y/n/s>")
        person.see("y")
        running.say(_resolved(first))
        person.see("? demo.right asks")
        person.type(ENTER)
        person.see("waits no more")
        person.type(CTRL_D)

        assert person.exit_code() == 0
    assert not [r for r in running.asked.queue if isinstance(r, Approve)]


@pytest.mark.parametrize(
    ("typed", "text"), [("2", "peas"), ("3", "3"), ("neither", "neither")]
)
def test_a_question_is_answered_by_number_or_in_words(running, typed, text):
    running.questions.append(_question("beans", "peas"))
    with terminal_at("attach", "demo") as person:
        person.see("? demo asks: Beans or peas?")
        person.see("1 beans, 2 peas")
        person.see("answer>")
        person.type(typed + ENTER)
        said = running.wait_for(Answer)

    assert (said.question, said.pod, said.text) == ("q1", "demo", text)


def test_where_a_question_waits_steering_is_still_possible(running):
    running.questions.append(_question())
    with terminal_at("attach", "demo") as person:
        person.see("answer>")
        person.type("/steer leave it" + ENTER)

        assert running.wait_for(Run).input == "leave it"


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
        person.see("demo.left is spawned, may write /srv/l: Weed")
        person.see("◦ demo.left is running")
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
    running.approvals.append(_approval())
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_who_is_ended_leaves_the_terminal_as_it_was(demo, number):
    with terminal_at("attach", "demo") as person:
        before = termios.tcgetattr(person.process_terminal)
        person.see(READY)
        person.type("unsent")
        person.see("unsent")
        person.process.send_signal(number)

        assert person.exit_code() == 0
        assert termios.tcgetattr(person.process_terminal) == before
        assert "not sent:\nunsent\n" in person.text


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_without_a_terminal_it_says_what_to_use_instead(capsys, universe, more):
    said = podctl(capsys, "attach", "demo", *more)

    assert said.code == 2
    words = said.out if more else said.err
    assert "podctl events demo" in words
    assert "podctl run demo PROMPT" in words


def test_json_is_refused_at_a_terminal_too_and_so_is_a_dumb_one(demo):
    for words, environment in (
        (("attach", "demo", "--json"), {}),
        (("attach", "demo"), {"TERM": "dumb"}),
    ):
        with terminal_at(*words, **environment) as person:
            assert person.exit_code() == 2
            assert "podctl events demo" in person.text


def test_a_pod_that_is_not_there_is_said(universe):
    with terminal_at("attach", "nobody") as person:
        assert person.exit_code() == 3
        assert "there is no pod 'nobody'" in person.text


def test_nothing_else_imports_what_draws():
    program = (
        "import sys\n"
        "from podd.cli.main import main\n"
        "main(['list']); main(['attach', 'x'])\n"
        "print('prompt_toolkit' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env=os.environ,
        timeout=20,
    )

    assert done.stdout.splitlines()[-1] == "False"


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
