"""Giving work to live pods: run, wait, notify, pause, resume, cancel, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest

from tests.end_to_end.raw_client import raw_client
from tests.end_to_end.shell import ENDLESS, LIMIT_SECONDS, Shell, gone, watched

pytestmark = pytest.mark.end_to_end

#: Half a minute at most, and a call at its end: something to steer.
SLOW_THEN_LOOK = (
    'text = "one two three"\n'
    "stream = { chunk_chars = 1, delay_seconds = 0.05 }\n"
    '[[step.call]]\ntool = "glob"\narguments = { pattern = "*" }'
)


def _until_it_speaks(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("event") == "text_delta":
            return
    raise AssertionError("it never said a word")


def _steps(*texts: str) -> list[str]:
    return [f'text = "{text}"' for text in texts]


def test_a_script_gets_the_final_text_alone(shell: Shell) -> None:
    shell.spawned(shell.manifest(*_steps("first", "zwölf")))

    assert shell("run", "demo", "hi").out == "first\n"
    said = shell("run", "demo", "-", stdin=b"and now?\n")

    assert (said.code, said.out) == (0, "zwölf\n")
    assert "completed" in said.err


def test_detached_the_input_is_taken_and_wait_brings_the_result(shell: Shell) -> None:
    shell.spawned(shell.manifest(*_steps("done")))

    taken = shell("run", "demo", "hi", "--detach", "--json").document["accepted"]
    result = shell("wait", "demo", "--json").document["results"][0]

    assert taken["position"] == 0
    assert (result["turn"], result["text"]) == (taken["turn"], "done")


def test_wait_for_any_returns_while_another_pod_still_works(shell: Shell) -> None:
    shell.spawned(shell.manifest(*_steps("quick"), name="quick"), "hi")
    endless = shell.manifest(ENDLESS, name="endless", more='[scope]\nread = ["."]\n')
    shell.spawned(endless, "hi")

    said = shell("wait", "endless", "quick", "--any", "--json")
    late = shell("wait", "endless", "quick", "--timeout", "0.2", "--json")

    assert [result["pod"] for result in said.document["results"]] == ["quick"]
    assert (said.code, late.code) == (0, 7)
    assert late.error["code"] == "timed_out"


def test_wait_for_ended_returns_when_the_process_is_gone(shell: Shell) -> None:
    shell.spawned(shell.manifest(*_steps("done")), "hi")
    shell("wait", "demo")

    with shell.typed("wait", "demo", "--for", "ended", "--json") as waiting:
        assert shell("stop", "demo").code == 0
        out, _ = waiting.communicate(timeout=LIMIT_SECONDS)

    assert waiting.returncode == 0
    assert json.loads(out)["results"][0]["text"] == "done"
    assert shell.pods() == []


def test_a_busy_pod_queues_and_refuses_as_it_is_told(shell: Shell) -> None:
    pod = shell.spawned(shell.manifest(ENDLESS, *_steps("a", "b")), "hi")

    first, second = (
        shell("run", "demo", text, "--detach", "--json").document["accepted"]
        for text in ("a", "b")
    )
    refused = shell("run", "demo", "c", "--when-busy", "reject", "--json")
    with raw_client(pod["socket"], after=0) as client:
        client.until("turn_started")
        queue = client.ask("status")["queue"]

    assert [first["position"], second["position"]] == [1, 2]
    assert [waiting["turn"] for waiting in queue] == [first["turn"], second["turn"]]
    assert (refused.code, refused.error["code"]) == (1, "busy")


def test_queued_inputs_become_turns_in_their_order(shell: Shell) -> None:
    steps = [f'match = "^{word}$"\ntext = "heard {word}"' for word in ("a", "b")]
    pod = shell.spawned(shell.manifest(SLOW_THEN_LOOK, *_steps("start"), *steps), "hi")
    for word in ("a", "b"):
        shell("run", "demo", word, "--detach")

    with raw_client(pod["socket"], after=0) as client:
        client.until("turn_ended", text="heard b")
        texts = [e["text"] for e in client.heard if e["event"] == "turn_ended"]

    assert texts == ["start", "heard a", "heard b"]


def test_steering_goes_into_the_turn_that_runs(shell: Shell) -> None:
    file = shell.manifest(SLOW_THEN_LOOK, 'match = "left"\ntext = "turned left"')
    with shell.typed("spawn", file, "hi", "--json") as process:
        _until_it_speaks(process)
        steered = shell("run", "demo", "left", "--when-busy", "steer", "--json")
        out, _ = process.communicate(timeout=LIMIT_SECONDS)

    result = json.loads(out.splitlines()[-1])["result"]
    assert result["text"] == "turned left"
    assert steered.document["result"]["turn"] == result["turn"]


def test_a_notification_wakes_an_idle_pod_and_only_waits_where_told_to(
    shell: Shell,
) -> None:
    pod = shell.spawned(shell.manifest('match = "bell"\ntext = "coming"'))

    assert shell("notify", "demo", "the door", "--no-wake").code == 0
    assert shell("wait", "demo").code == 0
    with raw_client(pod["socket"], after=0) as client:
        assert client.ask("status")["state"] == "idle"
        assert shell("notify", "demo", "the bell").code == 0
        ended = client.until("turn_ended")
        told = [e["text"] for e in client.heard if e["event"] == "notification"]

    assert told == ["the door", "the bell"]
    assert (ended["outcome"]["kind"], ended["text"]) == ("completed", "coming")
    assert [e["event"] for e in client.heard].count("turn_started") == 1


def test_a_paused_pod_takes_input_and_goes_on_when_it_is_resumed(shell: Shell) -> None:
    file = shell.manifest(SLOW_THEN_LOOK, *_steps("looked", "second"))
    pod = shell.spawned(file, "hi")
    with raw_client(pod["socket"], after=0) as client:
        client.until("turn_started")

    assert shell("pause", "demo").code == 0
    again = shell("run", "demo", "more", "--json")
    waited = shell("wait", "demo", "--json")
    resumed = shell("resume", "demo", "--json")
    after = shell("wait", "demo", "--json")

    assert (again.code, again.error["code"]) == (9, "paused")
    assert (waited.code, waited.error["code"]) == (9, "paused")
    assert (resumed.code, resumed.document["result"]["text"]) == (0, "looked")
    assert after.document["results"][0]["text"] == "second"
    assert shell("resume", "demo", "--json").error["code"] == "not_paused"


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_paused_pod_comes_back_paused_and_goes_on_when_it_is_resumed_again(
    end: str, shell: Shell
) -> None:
    """Promise 2: the same pending work, however the pod had ended."""
    pod = shell.spawned(shell.manifest(SLOW_THEN_LOOK, *_steps("looked")), "hi")
    with raw_client(pod["socket"], after=0) as client:
        client.until("text_delta")
        assert client.ask("pause", reason="lunch")["reply"] == "ok"
    assert shell(end, "demo").code == 0

    back = shell("resume", "demo", "--json")
    states = [(one["state"], one["session"]) for one in shell.pods()]
    resumed = shell("resume", "demo", "--json")

    assert (back.code, back.error["code"]) == (9, "paused")
    assert states == [("paused", pod["session"])]
    assert (resumed.code, resumed.document["result"]["text"]) == (0, "looked")
    assert resumed.events.count("turn_ended") == 1


def test_a_pod_paused_while_somebody_follows_lets_them_go(shell: Shell) -> None:
    with shell.typed("spawn", shell.manifest(ENDLESS), "hi", "--json") as process:
        _until_it_speaks(process)
        shell("pause", "demo")
        out, _ = process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == 9
    assert json.loads(out.splitlines()[-1])["error"]["code"] == "paused"
    assert [pod["state"] for pod in shell.pods()] == ["paused"]


def test_cancelling_ends_the_turn_for_whoever_follows_and_the_pod_goes_on(
    shell: Shell,
) -> None:
    file = shell.manifest(f'match = "long"\n{ENDLESS}', *_steps("next"))
    with shell.typed("spawn", file, "long", "--json") as process:
        _until_it_speaks(process)
        assert shell("cancel", "demo").code == 0
        out, _ = process.communicate(timeout=LIMIT_SECONDS)

    result = json.loads(out.splitlines()[-1])["result"]
    assert process.returncode == 130
    assert result["outcome"]["kind"] == "cancelled"
    assert result["outcome"]["by"] == "user"
    assert shell("cancel", "demo", "--json").error["code"] == "not_running"
    assert shell("run", "demo", "short").out == "next\n"


def test_the_first_ctrl_c_cancels_the_turn_and_waits_for_its_end(shell: Shell) -> None:
    shell.spawned(shell.manifest(ENDLESS))
    with shell.typed("run", "demo", "hi", "--json") as process:
        _until_it_speaks(process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT_SECONDS)

    result = json.loads(out.splitlines()[-1])["result"]
    assert (process.returncode, result["outcome"]["kind"]) == (130, "cancelled")
    assert "Traceback" not in err
    assert [pod["state"] for pod in shell.pods()] == ["idle"]


def test_the_second_ctrl_c_leaves_at_once_though_the_pod_is_silent(
    shell: Shell,
) -> None:
    pod = shell.spawned(shell.manifest(ENDLESS))
    with shell.typed("run", "demo", "hi", "--json") as process:
        _until_it_speaks(process)
        # A stopped pod answers no cancel, so only the second Ctrl-C can end this.
        os.kill(pod["pid"], signal.SIGSTOP)
        sent = 0
        with watched(process.pid) as end:
            # Two signals that come too close are one, so a third may be needed.
            while sent < 3 and not gone(end, 0.5):
                process.send_signal(signal.SIGINT)
                sent += 1
            assert gone(end, 1)
        os.kill(pod["pid"], signal.SIGCONT)
        out, err = process.communicate(timeout=LIMIT_SECONDS)

    assert sent > 1
    assert process.returncode == 130
    assert json.loads(out.splitlines()[-1])["error"]["code"] == "interrupted"
    assert "Traceback" not in err


def test_a_turn_that_reaches_its_step_limit_ends_with_6(shell: Shell) -> None:
    look = '[[step.call]]\ntool = "glob"\narguments = { pattern = "*" }\n'
    steps = [f'text = "again"\n{look}' for _ in range(4)]
    file = shell.manifest(*steps, more="[agent]\nmax_steps = 2\n")

    said = shell("spawn", file, "hi", "--once", "--json")

    assert said.code == 6
    outcome = said.document["result"]["outcome"]
    assert (outcome["kind"], outcome["limit"]) == ("limited", "steps")


def test_a_turn_that_fails_ends_with_1_and_the_next_one_works(shell: Shell) -> None:
    file = shell.manifest('match = "hi"\nfail = { status = 401 }', *_steps("back"))

    failed = shell("spawn", file, "hi", "--json")
    after = shell("run", "demo", "again")

    outcome = failed.document["result"]["outcome"]
    assert (failed.code, outcome["kind"], outcome["code"]) == (1, "failed", "auth")
    assert (after.code, after.out) == (0, "back\n")


def test_a_turn_that_takes_too_long_ends_with_7_and_goes_on(shell: Shell) -> None:
    shell.spawned(shell.manifest(ENDLESS))

    said = shell("run", "demo", "hi", "--timeout", "0.3", "--json")

    assert (said.code, said.error["code"]) == (7, "timed_out")
    assert [pod["state"] for pod in shell.pods()] == ["running"]
