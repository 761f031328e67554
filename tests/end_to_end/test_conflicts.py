"""Who must give way, and what becomes free when its holder dies."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.end_to_end.raw_client import raw_client
from tests.end_to_end.shell import ENDLESS, Shell, kill

pytestmark = pytest.mark.end_to_end


def test_a_taken_name_is_refused_and_the_ways_out_are_named(shell: Shell) -> None:
    file = shell.manifest('text = "x"')
    first = shell.spawned(file)

    said = shell("spawn", file, "hi", "--json")
    words = shell("spawn", file, "hi")

    assert (said.code, said.error["code"]) == (4, "name_taken")
    assert said.error["data"]["pid"] == first["pid"]
    for way_out in ("--name", "podctl run demo", "podctl stop demo"):
        assert way_out in said.error["remedy"]
        assert way_out in words.err
    assert [pod["pid"] for pod in shell.pods()] == [first["pid"]]


def test_a_scope_conflict_names_who_where_since_when_and_how_to_look(
    shell: Shell,
) -> None:
    shell.spawned(shell.manifest('text = "x"', name="first"))
    work = str(shell.directory / "work")

    said = shell("spawn", shell.manifest('text = "x"', name="second"), "--json")

    data = said.error["data"]
    assert (said.code, said.error["code"]) == (4, "scope_conflict")
    assert (data["holder"], data["holder_path"], data["path"]) == ("first", work, work)
    assert data["since"].endswith("Z")
    assert "podctl status first" in said.error["remedy"]
    assert len(shell("session", "list", "--json").document["sessions"]) == 1
    assert [pod["name"] for pod in shell.pods()] == ["first"]


def test_what_a_killed_pod_held_is_free_and_its_session_goes_on_later(
    shell: Shell,
) -> None:
    step = ENDLESS.replace("delay_seconds = 0.1", "delay_seconds = 0.002")
    first = shell.spawned(shell.manifest(step, name="first"), "hi")
    with raw_client(first["socket"], after=0) as client:
        turn = client.until("text_delta")["turn"]
        kill(first["pid"])
    second = shell.manifest('text = "mine now"', name="second")

    began = time.monotonic()
    took_over = shell("spawn", second, "hi", "--json")
    waited = time.monotonic() - began
    live = [pod["name"] for pod in shell.pods()]
    verified = shell("session", "verify", "first")
    too_early = shell("resume", "first", "--json")
    shell("stop", "second")
    resumed = shell("resume", "first", "--json")

    assert (took_over.code, took_over.document["result"]["text"]) == (0, "mine now")
    assert waited < 3  # it is free at once; the rest is a slow machine
    assert live == ["second"]
    assert verified.code == 0
    assert (too_early.code, too_early.error["code"]) == (4, "scope_conflict")
    result = resumed.document["result"]
    assert resumed.code == 0
    assert (result["session"], result["turn"]) == (first["session"], turn)
    assert len(result["text"]) == 600


@pytest.mark.parametrize("by", ["name", "session", "last"])
def test_an_ended_pod_is_brought_back_by(by: str, shell: Shell) -> None:
    pod = shell.spawned(shell.manifest('text = "one"', 'text = "two"'), "hi")
    shell("wait", "demo")
    shell("stop", "demo")
    word = {"name": "demo", "session": pod["session"], "last": "last"}[by]

    back = shell("resume", word, "--json")

    assert back.code == 0
    assert back.document["pod"]["session"] == pod["session"]
    assert shell("run", "demo", "more").out == "two\n"


def test_a_pod_killed_while_paused_comes_back_paused(shell: Shell) -> None:
    pod = shell.spawned(shell.manifest(f'match = "hi"\n{ENDLESS}'), "hi")
    with raw_client(pod["socket"], after=0) as client:
        client.until("text_delta")
    shell("pause", "demo")
    kill(pod["pid"])
    shell.manifest('text = "on it goes"')

    back = shell("resume", "demo", "--json")
    state = [live["state"] for live in shell.pods()]
    again = shell("resume", "demo", "--json")

    assert (back.code, back.error["code"]) == (9, "paused")
    assert state == ["paused"]
    assert (again.code, again.document["result"]["text"]) == (0, "on it goes")


def test_a_session_has_one_writer(shell: Shell) -> None:
    file = shell.manifest('text = "x"', more='[scope]\nread = ["."]\n')
    pod = shell.spawned(file)

    said = shell("spawn", file, "--name", "other", "--resume", pod["session"], "--json")

    assert (said.code, said.error["code"]) == (4, "session_held")
    assert [live["name"] for live in shell.pods()] == ["demo"]


def test_stop_ends_a_working_pod_within_its_drain_and_keeps_the_turn(
    shell: Shell,
) -> None:
    quick = ENDLESS.replace("delay_seconds = 0.1", "delay_seconds = 0.001")
    shell.spawned(shell.manifest(quick), "hi")

    said = shell("stop", "demo", "--json")

    assert said.code == 0
    assert [one["pod"] for one in said.document["stopped"]] == ["demo"]
    assert shell.is_clean()


def test_stop_now_interrupts_and_resume_goes_on_with_the_turn(shell: Shell) -> None:
    pod = shell.spawned(shell.manifest(ENDLESS), "hi")
    with raw_client(pod["socket"], after=0) as client:
        turn = client.until("text_delta")["turn"]

    said = shell("stop", "demo", "--now")
    shell.manifest('text = "the rest"')
    resumed = shell("resume", "demo", "--json")

    assert said.code == 0
    result = resumed.document["result"]
    assert (result["turn"], result["text"]) == (turn, "the rest")


def test_several_pods_are_stopped_at_once_and_a_missing_one_is_said(
    shell: Shell,
) -> None:
    read = '[scope]\nread = ["."]\n'
    for name in ("a", "b", "c"):
        shell.spawned(shell.manifest('text = "x"', name=name, more=read))

    some = shell("stop", "a", "nobody", "b", "--json")
    left = [pod["name"] for pod in shell.pods()]
    rest = shell("stop", "--all")
    none = shell("stop", "--all")

    assert (some.code, some.error["code"]) == (3, "no_such_pod")
    assert left == ["c"]
    assert (rest.code, none.code) == (0, 0)
    assert shell.is_clean()


def test_kill_ends_a_pod_that_does_not_answer(shell: Shell) -> None:
    pod = shell.spawned(shell.manifest('text = "x"'))
    os.kill(pod["pid"], signal.SIGSTOP)

    mute = shell("run", "demo", "hi", "--timeout", "0.5", "--json")
    listed = shell("--timeout", "1", "list", "--json")
    killed = shell("kill", "demo", "--json")

    assert (mute.code, mute.error["code"]) == (8, "not_answering")
    assert "podctl kill demo" in mute.error["remedy"]
    assert [one["name"] for one in listed.document["pods"]] == ["demo"]
    assert killed.code == 0
    assert [one["pid"] for one in killed.document["killed"]] == [pod["pid"]]
    assert shell.is_clean()
    assert shell("session", "verify", pod["session"]).code == 0
