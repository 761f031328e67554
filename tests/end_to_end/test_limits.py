"""Limits over a pod's life: one last step, then nothing that costs anything."""

from __future__ import annotations

import os

import pytest

from podd.core.session import entries as e
from tests.end_to_end.families import call, of_kind, says
from tests.end_to_end.raw_client import raw_client
from tests.end_to_end.shell import Shell
from tests.launch.pods import entries

pytestmark = [pytest.mark.end_to_end, pytest.mark.processes]

#: What no other process of the machine sleeps for.
NAP = f"7653.{os.getpid()}"


def test_a_pod_that_spent_its_tokens_hands_over_and_costs_nothing_more(
    shell: Shell,
) -> None:
    spent = "usage = { input_tokens = 90, output_tokens = 10 }"
    manifest = shell.manifest(
        call("glob", pattern="*").replace('text = ""', f'text = ""\n{spent}'),
        says("this is what I have"),
        says("and on we go"),
        more="[limits]\ntokens = 100\n",
    )
    pod = shell.spawned(manifest)

    first = shell("run", "demo", "hi", "--json")
    second = shell("run", "demo", "hi", "--json")
    shell("stop", "demo")
    raised = shell(
        *("spawn", manifest, "hi", "--resume", pod["session"], "--json"),
        *("--set", "limits.tokens=10_000"),
    )

    limited = {"kind": "limited", "limit": "tokens"}
    result = first.document["result"]
    assert (first.code, result["outcome"]) == (6, limited)
    assert result["text"] == "this is what I have"
    assert first.events.count("step_started") == 2
    assert first.events.count("limit_reached") == 1
    assert (second.code, second.document["result"]["outcome"]) == (6, limited)
    assert "step_started" not in second.events
    assert second.document["result"]["usage"]["requests"] == 0
    assert raised.code == 0
    assert raised.document["result"]["text"] == "and on we go"


def test_a_pod_that_spent_its_money_hands_over_and_costs_nothing_more(
    shell: Shell,
) -> None:
    spent = "usage = { input_tokens = 90_000, output_tokens = 10_000 }"
    manifest = shell.manifest(
        call("glob", pattern="*").replace('text = ""', f'text = ""\n{spent}'),
        says("this is what I have"),
        says("and on we go"),
        more="[limits]\ncost_usd = 0.3\n",
    )
    models = shell.places.user_models
    models.parent.mkdir(parents=True, exist_ok=True)
    models.write_text(
        "[scripted.demo]\nprice = { input = 2, output = 12 }\n", encoding="utf-8"
    )
    pod = shell.spawned(manifest)

    first = shell("run", "demo", "hi", "--json")
    second = shell("run", "demo", "hi")
    status = shell("status", "demo")
    raised = shell("configure", "demo", "--set", "limits.cost_usd=5")
    third = shell("run", "demo", "hi", "--json")

    limited = {"kind": "limited", "limit": "cost_usd"}
    result = first.document["result"]
    assert (first.code, result["outcome"]) == (6, limited)
    assert result["text"] == "this is what I have"
    assert result["usage"]["cost_usd"] == pytest.approx(0.3, rel=0.05)
    assert result["usage"]["cost_usd"] >= 0.3
    assert (second.code, "its limit of money" in second.err) == (6, True)
    assert "cost_usd 0.3" in status.out
    assert ", $0.30" in status.out
    assert raised.code == 0
    assert (third.code, third.document["result"]["text"]) == (0, "and on we go")
    answers = of_kind(e.ModelResponded, entries(shell.places, pod["session"]))
    assert answers[0].usage.cost_usd == pytest.approx(0.3)


def test_a_pod_whose_time_is_over_hands_over_and_only_its_work_counts(
    shell: Shell,
) -> None:
    manifest = shell.manifest(
        call("ask_user", question="go on?"),
        call("bash", command=f"echo up; sleep {NAP}"),
        says("this is what I have"),
        # Two, as a busy machine may need one until the question is asked.
        more="[limits]\nwall_seconds = 2\n",
    )
    pod = shell.spawned(manifest)
    shell("run", "demo", "hi", "--detach")
    with raw_client(pod["socket"], after=0) as client:
        asked = client.until("question_asked")
        assert client.ask("pause")["reply"] == "ok"
        assert client.ask("answer", question=asked["question"], text="y")["reply"]
        # Typing this takes a while, in which nothing counts.
        assert shell("resume", "demo").code == 6
        client.until("tool_started", name="bash")
        interrupted = client.until("tool_result")
        ended = client.until("turn_ended")
    again = shell("run", "demo", "hi", "--json")

    assert interrupted["status"] == "interrupted"
    assert "its time was over" in interrupted["summary"]
    limited = {"kind": "limited", "limit": "wall_seconds"}
    assert (ended["outcome"], ended["text"]) == (limited, "this is what I have")
    assert (again.code, again.document["result"]["outcome"]) == (6, limited)
    assert "step_started" not in again.events
    worked, other = _milliseconds(entries(shell.places, pod["session"]))
    assert worked >= 1990
    assert other > 0


def _milliseconds(journal: list) -> tuple[int, int]:
    """Up to the limit: how long the first turn worked, and how long it did not."""
    found = {True: 0, False: 0}
    counts = False
    for entry in journal:
        found[counts] += entry.elapsed
        match entry:
            case e.TurnStarted() | e.TurnResumed():
                counts, found[False] = True, found[False] * bool(found[True])
            case e.QuestionAsked() | e.TurnPaused():
                counts = False
            case e.LimitReached():
                return found[True], found[False]
    raise AssertionError("no limit was reached")
