"""Follow a turn: Ctrl-C, once and twice, and what one sees meanwhile."""

import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from fcntl import ioctl

import pytest

from podd.paths import Places
from podd_protocol.events import Text
from podd_protocol.replies import Failure
from podd_protocol.requests import Cancel, Run, Subscribe
from podd_protocol.values import Cancelled, Completed
from tests.cli.scripted_pod import typed
from tests.cli.turns import beginning, ended
from tests.client.fake_pod import LIMIT_SECONDS, FakePod, fake_pod

pytestmark = pytest.mark.processes


def test_ctrl_c_cancels_the_turn_and_waits_for_its_end(universe: Places) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*beginning())
        pod.on_cancel = lambda p: p.say(ended(Cancelled(by="user"), text="Hel"))
        with typed("run", "demo", "hi") as process:
            pod.wait_for(Run)
            process.send_signal(signal.SIGINT)
            pod.wait_for(Cancel)
            out, err = process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == 130
    assert out == "Hel\n"
    assert err.startswith("cancelled by user")


def test_a_second_ctrl_c_leaves_at_once(universe: Places) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*beginning())
        with typed("run", "demo", "hi", "--json") as process:
            pod.wait_for(Run)
            process.send_signal(signal.SIGINT)
            pod.wait_for(Cancel)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == 130
    assert json.loads(out.splitlines()[-1])["error"]["code"] == "interrupted"
    assert "Traceback" not in err


def test_ctrl_c_does_not_cancel_the_turn_that_ours_waits_for(universe: Places) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.position = 1
        pod.on_cancel = lambda p: p.say(ended(Cancelled(by="user")))
        with typed("run", "demo", "hi") as process:
            pod.wait_for(Run)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            assert process.stderr.readline().startswith("waits behind 1")
            assert "as it begins" in process.stderr.readline()
            assert pod.asked.empty()
            pod.say(*beginning())
            pod.wait_for(Cancel)
            process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == 130


def test_ctrl_c_before_the_turn_has_begun_cancels_it_as_it_begins(
    universe: Places,
) -> None:
    def answer(pod: FakePod, request: object) -> Failure | None:
        if not isinstance(request, Cancel) or pod.state == "running":
            return None
        return Failure(id=request.id, code="not_running", message="no turn")

    with fake_pod(universe.socket("demo"), answer=answer) as pod:
        pod.on_cancel = lambda p: (
            p.say(ended(Cancelled(by="user"))) if p.state == "running" else None
        )
        with typed("run", "demo", "hi") as process:
            pod.wait_for(Run)
            process.send_signal(signal.SIGINT)
            pod.wait_for(Cancel)
            pod.state = "running"
            pod.say(*beginning())
            pod.wait_for(Cancel)
            process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == 130


def test_on_a_terminal_one_sees_it_happen_within_80_columns(universe: Places) -> None:
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with fake_pod(universe.socket("demo")) as pod:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "podd.cli", "run", "demo", "hi"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm"},
        )
        os.close(slave)
        seen = b""
        try:
            pod.wait_for(Subscribe)
            pod.wait_for(Run)
            pod.say(*beginning())
            while b"Hel" not in seen:
                seen += os.read(master, 65536)
            assert b"completed" not in seen
            pod.say(Text(turn="t1", step=1, text="Hello.\n"), ended(Completed()))
            while True:
                try:
                    seen += os.read(master, 65536)
                except OSError:
                    break
            process.wait(LIMIT_SECONDS)
        finally:
            process.kill()
            process.wait()
            os.close(master)

    text = re.sub(r"\x1b\[[0-9;]*m", "", seen.decode())
    lines = [line.rpartition("\r\x1b[K")[2] for line in text.split("\r\n")]
    assert process.returncode == 0
    assert lines[0] == "Hello."
    assert lines[1].startswith("completed · 1,200 tokens in, 34 out")
    assert "\x1b[32m" in seen.decode()
