from __future__ import annotations

import msgspec

from podd_protocol.replies import QueuedTurn, RunningCall
from podd_protocol.requests import Status
from tests.cli.command_line import podctl
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
