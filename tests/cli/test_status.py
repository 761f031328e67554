from __future__ import annotations

import msgspec
import pytest

from podd.cli.duration import short, since
from podd_protocol.replies import (
    CommandStatus,
    QueuedTurn,
    RunningCall,
    SandboxStatus,
)
from podd_protocol.requests import Status
from tests.cli.command_line import podctl
from tests.cli.waiting_things import APPROVAL, CHILD, ENDED_CHILD, QUESTION
from tests.client.fake_pod import SESSION, fake_pod


def _busy(pod, request):
    if not isinstance(request, Status):
        return None
    return msgspec.structs.replace(
        pod.status(request.id),
        state="running",
        turn="t2",
        step=3,
        tool_calls=[
            RunningCall(call="c9", name="grep", since="2026-11-20T10:00:05.000Z")
        ],
        queue=[QueuedTurn(turn="t3", text="And then?")],
    )


def test_a_busy_pod_is_told_as_a_document(capsys, universe):
    log = universe.log_file("demo")
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"{n}\n" for n in range(9)), encoding="utf-8")

    with fake_pod(universe.socket("demo"), answer=_busy):
        document = podctl(capsys, "status", "demo", "--json").document

    assert document.keys() == {
        *("schema_version", "name", "pod", "state", "turn", "step", "tool_calls"),
        *("queue", "usage", "budget", "children", "approvals", "questions", "clients"),
        *("commands", "sandbox", "instruction", "tools", "limits"),
        *("session", "pid", "started_at", "model", "workdir", "scope", "seq"),
        *("storage", "socket", "log"),
    }
    assert (document["state"], document["turn"], document["step"]) == (
        "running",
        "t2",
        3,
    )
    (call,) = document["tool_calls"]
    assert call.keys() == {"call", "name", "since", "age_seconds"}
    assert call["age_seconds"] > 0
    assert document["queue"] == [{"turn": "t3", "text": "And then?"}]
    assert document["log"] == {"path": str(log), "lines": ["4", "5", "6", "7", "8"]}


def test_people_read_state_tool_queue_scope_and_log(capsys, universe):
    log = universe.log_file("demo")
    log.parent.mkdir(parents=True)
    log.write_text("last words\n", encoding="utf-8")

    with fake_pod(universe.socket("demo"), answer=_busy):
        said = podctl(capsys, "status", "demo")

    assert said.code == 0
    for words in ("turn t2, step 3", "grep for", "t3: And then?", "/srv", SESSION):
        assert words in said.out
    assert said.out.endswith("  last words\n")


def test_people_read_what_waits_for_them_and_what_works_below(capsys, universe):
    with fake_pod(universe.socket("demo")) as pod:
        pod.approvals.append(APPROVAL)
        pod.questions.append(QUESTION)
        pod.children += [CHILD, ENDED_CHILD]
        pod.commands.append(
            CommandStatus(
                command="t1.2",
                call="t1.2",
                text="make seeds\nmake beds",
                since=APPROVAL.since,
                output="/srv/out",
            )
        )
        said = podctl(capsys, "status", "demo")

    lines = said.out.splitlines()
    at = lines.index
    assert lines[at("          podctl approve demo.left t1.1, or podctl deny") - 1] == (
        f"approval  demo.left asks to run bash git push (rule 1), for {_age(APPROVAL)}"
    )
    assert lines[at("          podctl answer demo t2.1 TEXT") - 1] == (
        f"question  demo asks: Beans or peas? [1 beans, 2 peas], for {_age(QUESTION)}"
    )
    assert f"command   t1.2 for {_age(APPROVAL)}: make seeds …" in lines
    assert (
        "child     demo.left, running, turn t1, waits for people, has /srv/l /srv/m"
        in lines
    )
    assert "child     demo.old, crashed, last turn completed" in lines


@pytest.mark.parametrize(
    ("sandbox", "words"),
    [
        (
            SandboxStatus(means="landlock", gaps=["one", "two"]),
            ["commands  held by landlock", "gap       one", "gap       two"],
        ),
        (
            SandboxStatus(means=None, gaps=[]),
            ["commands  nothing holds them to the scope"],
        ),
    ],
)
def test_people_read_what_holds_commands(capsys, universe, sandbox, words):
    def answer(pod, request):
        if not isinstance(request, Status):
            return None
        return msgspec.structs.replace(pod.status(request.id), sandbox=sandbox)

    with fake_pod(universe.socket("demo"), answer=answer):
        said = podctl(capsys, "status", "demo")

    assert [line for line in said.out.splitlines() if line[:3] in {"com", "gap"}] == (
        words
    )


def _age(one):
    return short(since(one.since))


def test_a_pod_that_never_was_is_no_such_pod(capsys, universe):
    for name in ("nobody", "../x", "x" * 300):
        said = podctl(capsys, "status", name, "--json")

        assert (said.code, said.document["error"]["code"]) == (3, "no_such_pod")


def test_an_ended_pod_tells_how_to_resume_it(capsys, universe):
    universe.log_file("demo").parent.mkdir(parents=True)
    universe.log_file("demo").touch()

    said = podctl(capsys, "status", "demo", "--json")

    assert (said.code, said.document["error"]["code"]) == (3, "no_such_pod")
    assert "podctl resume demo" in said.document["error"]["remedy"]


def test_a_mute_pod_does_not_answer(capsys, universe):
    with fake_pod(universe.socket("demo"), answer=lambda *_: b""):
        said = podctl(capsys, "status", "demo", "--json", "--timeout", "0.1")

    assert (said.code, said.document["error"]["code"]) == (8, "not_answering")
