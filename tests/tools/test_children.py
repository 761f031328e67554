"""What a model says to its children, and reads of them."""

import json

import pytest

from podd.errors import DeniedError, ScopeConflictError
from podd.tools.catalog import run_call
from podd.tools.child_request import ChildScope, SpawnPodArguments
from podd.tools.ports import (
    PodLine,
    PodOutput,
    SentMessage,
    SpawnedPod,
    StoppedPod,
)
from podd_protocol.values import Cancelled, Completed, Failed, Limited
from tests.tools.pods import PlayedPods

TOOLS = {
    "spawn_pod": {"name": "left", "task": "do it"},
    "send_to_pod": {"name": "left", "message": "more"},
    "read_pod_output": {"name": "left"},
    "stop_pod": {"name": "left"},
    "list_pods": {},
}


async def _call(place, tool, arguments=None, *, pods=None, **answer):
    pods = pods or PlayedPods(**answer)
    given = TOOLS[tool] if arguments is None else arguments
    return await run_call(tool, json.dumps(given), place.context(pods=pods))


@pytest.mark.parametrize("tool", TOOLS)
async def test_a_pod_without_children_says_so(place, tool):
    outcome = await run_call(tool, json.dumps(TOOLS[tool]), place.context())

    assert outcome.status == "error"
    assert "can have no children" in outcome.summary


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool != "list_pods"])
@pytest.mark.parametrize(
    ("error", "status", "named"),
    [
        (DeniedError(reason="src is lent to pod 'demo.right'"), "denied", "right"),
        (
            ScopeConflictError(
                path="/w/src", holder="other", holder_path="/w", since="now"
            ),
            "error",
            "'other'",
        ),
    ],
)
async def test_what_cannot_be_is_told_with_its_reason(
    place, tool, error, status, named
):
    outcome = await _call(place, tool, answer=error)

    assert outcome.status == status
    assert named in outcome.summary


async def test_a_child_is_asked_for_as_the_model_said(place):
    pods = PlayedPods(
        answer=SpawnedPod(
            pod="demo.left",
            turn="t1",
            workdir=str(place.work / "left"),
            lent=(str(place.work / "left"), "/elsewhere"),
        )
    )
    asked = {
        "name": "left",
        "task": "do it",
        "scope": {"read": ["."], "write": ["left"], "hidden": ["left/x"]},
        "instruction": "be brief",
        "manifest": "left.toml",
        "model": "scripted/x",
        "output_schema": {"type": "string"},
    }

    outcome = await _call(place, "spawn_pod", asked, pods=pods)

    assert pods.asked == [
        (
            "call-1",
            SpawnPodArguments(
                name="left",
                task="do it",
                scope=ChildScope(read=(".",), write=("left",), hidden=("left/x",)),
                instruction="be brief",
                manifest="left.toml",
                model="scripted/x",
                output_schema={"type": "string"},
            ),
        )
    ]
    assert outcome.status == "ok"
    assert outcome.summary == "pod 'demo.left' works on its task, in its turn t1"
    assert outcome.content == (
        f"workdir: {place.work}/left\nlent to it until it ends: left, /elsewhere"
    )


async def test_a_child_that_is_lent_nothing(place):
    for workdir, content in ("/w", "workdir: /w"), ("", ""):
        answer = SpawnedPod(pod="demo.left", turn="t1", workdir=workdir)

        outcome = await _call(place, "spawn_pod", answer=answer)

        assert outcome.content == content


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"budget": {"tokens": 5}}, "not_supported: `budget` is not built"),
        ({"output_schema": "a.json"}, "$.output_schema"),
        ({"output_schema": [1]}, "$.output_schema"),
        ({"scope": "src"}, "$.scope"),
        ({"scope": {"write": "src"}}, "$.scope.write"),
        ({"scope": {"write": [""]}}, "$.scope.write[0]"),
        ({"scope": {"wirte": ["src"]}}, "wirte"),
        ({"name": ""}, "$.name"),
        ({"name": 5}, "$.name"),
        ({"task": ""}, "$.task"),
        ({"task": None}, "$.task"),
        ({"mode": "off"}, "`mode` is not known"),
    ],
)
async def test_a_wrong_wish_for_a_child_is_refused_by_name(place, more, named):
    pods = PlayedPods()

    outcome = await _call(place, "spawn_pod", TOOLS["spawn_pod"] | more, pods=pods)

    assert outcome.status == "error"
    assert named in outcome.summary
    assert pods.asked == []


async def test_null_is_as_if_nothing_was_said(place):
    pods = PlayedPods(answer=SpawnedPod(pod="demo.left", turn="t1", workdir="/w"))
    nulls = dict.fromkeys(["scope", "model", "budget", "output_schema"])

    outcome = await _call(place, "spawn_pod", TOOLS["spawn_pod"] | nulls, pods=pods)

    assert outcome.status == "ok"
    assert pods.asked == [("call-1", SpawnPodArguments(name="left", task="do it"))]


@pytest.mark.parametrize(
    ("taken", "turn", "said"),
    [
        ("answered", None, "pod 'demo.left' has the answer to its question"),
        ("steered", "t4", "pod 'demo.left' takes it into its turn t4"),
        ("turn", "t5", "pod 'demo.left' works on it in its turn t5"),
    ],
)
async def test_what_became_of_a_message_is_told(place, taken, turn, said):
    pods = PlayedPods(answer=SentMessage(pod="demo.left", taken=taken, turn=turn))

    outcome = await _call(place, "send_to_pod", pods=pods)

    assert (outcome.status, outcome.summary) == ("ok", said)
    assert pods.asked == [("call-1", "left", "more")]


@pytest.mark.parametrize(
    ("more", "output", "said"),
    [
        (
            {},
            {"text": "so far\n", "next": 7},
            "pod 'demo.left' is running; go on with after 7",
        ),
        (
            {"after": 7},
            {"text": "", "next": 7},
            "pod 'demo.left' is running; it has said nothing new; go on with after 7",
        ),
        (
            {"after": None},
            {"text": "", "next": 0},
            "pod 'demo.left' is running; it has said nothing; go on with after 0",
        ),
        (
            {"after": 0},
            {"text": "a", "next": 9, "is_cut": True},
            "pod 'demo.left' is running; there is more: go on with after 9",
        ),
    ],
)
async def test_what_a_child_said_is_read_in_parts(place, more, output, said):
    pods = PlayedPods(answer=PodOutput(pod="demo.left", state="running", **output))

    outcome = await _call(place, "read_pod_output", {"name": "left"} | more, pods=pods)

    assert outcome.summary == said
    assert outcome.content == output["text"]
    assert pods.asked == [("left", more.get("after"))]


async def test_a_cursor_that_cannot_be_is_refused(place):
    outcome = await _call(place, "read_pod_output", {"name": "left", "after": -1})

    assert "$.after" in outcome.summary


@pytest.mark.parametrize("now", [False, True])
@pytest.mark.parametrize(
    ("stopped", "said"),
    [
        ({"end": "stopped"}, "pod 'demo.left' has ended"),
        (
            {"end": "crashed", "message": "killed", "returned": ("{work}/left",)},
            "pod 'demo.left' has crashed (killed); yours again: left",
        ),
    ],
)
async def test_a_child_is_stopped_and_what_it_had_is_back(place, now, stopped, said):
    returned = [path.format(work=place.work) for path in stopped.get("returned", ())]
    stopped = stopped | {"returned": tuple(returned)}
    pods = PlayedPods(answer=StoppedPod(pod="demo.left", **stopped))

    outcome = await _call(place, "stop_pod", {"name": "left", "now": now}, pods=pods)

    assert (outcome.status, outcome.summary) == ("ok", said)
    assert pods.asked == [("left", now)]


async def test_the_log_of_a_child_that_crashed_stands_below(place):
    stopped = StoppedPod(
        pod="demo.left", end="crashed", message="killed; its log ends:\none\ntwo"
    )

    outcome = await _call(place, "stop_pod", pods=PlayedPods(answer=stopped))

    said = "pod 'demo.left' has crashed (killed; its log ends as below)"
    assert (outcome.summary, outcome.content) == (said, "one\ntwo")


async def test_no_pods_are_a_short_list(place):
    outcome = await _call(place, "list_pods")

    assert outcome.summary == "there are no pods below this one"
    assert not outcome.content


async def test_each_pod_below_has_a_line(place):
    left = str(place.work / "left")
    many = tuple(f"{left}/{number}" for number in range(10))
    pods = PlayedPods(
        lines=(
            PodLine(
                pod="demo.left",
                state="running",
                task="one\ntwo " + "x" * 500,
                lent=(left,),
                asks="which\none?",
            ),
            PodLine(
                pod="demo.right",
                state="idle",
                lent=many,
                outcome=Failed(code="provider", message="no\nroute"),
            ),
            PodLine(
                pod="demo.left.deep",
                state="ended",
                end="crashed",
                outcome=Limited(limit="steps"),
            ),
            PodLine(pod="demo.a", state="idle", outcome=Completed()),
            PodLine(pod="demo.b", state="idle", outcome=Cancelled(by="user")),
        )
    )

    outcome = await _call(place, "list_pods", pods=pods)

    assert outcome.summary == "5 pods, 4 of them alive"
    lines = outcome.content.splitlines()
    assert lines[0].startswith(
        "demo.left: running; asks you: which\\none?; lent: left; task: one\\ntwo xxx"
    )
    assert len(lines[0]) < 250
    assert lines[1].startswith(
        "demo.right: idle; its last turn failed: no\\nroute; lent: left/0, "
    )
    assert lines[1].endswith("left/7 and 2 more")
    assert lines[2:] == [
        "demo.left.deep: has crashed; its last turn was ended by its limit of steps",
        "demo.a: idle; its last turn was completed",
        "demo.b: idle; its last turn was cancelled by user",
    ]
