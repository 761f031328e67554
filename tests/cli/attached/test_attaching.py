"""Coming and leaving: at a real terminal, with a pod that says what a test wants."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios

import pytest

from podd.core.session import entries as e
from podd_protocol import events as v
from podd_protocol.requests import (
    Cancel,
    Shutdown,
    Subscribe,
)
from tests.cli.attached.terminal_at import (
    CTRL_D,
    UP,
    terminal_at,
)
from tests.cli.command_line import podctl
from tests.cli.session_written import TURN, session_written
from tests.client.fake_pod import fake_pod

pytestmark = pytest.mark.processes

AT = "2026-11-20T10:00:00.000Z"
READY = "Enter runs"


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
