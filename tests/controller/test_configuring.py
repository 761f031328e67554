"""`configure`: what is asked, and why it cannot be."""

from __future__ import annotations

import anyio
import msgspec
import pytest

from podd.core.context.response import TextDelta
from podd.errors import DeniedError, ManifestError, MissingKeyError, TimedOutError
from podd.testing.model import answer
from podd.testing.surface import SURFACE
from podd_protocol.requests import Configure, Run, Shutdown
from tests.runtime.in_pod import in_pod


@in_pod
async def test_what_is_given_is_asked_and_ok_comes_when_it_is_durable(pod):
    client = await pod.subscriber()
    request = Configure(id=1, tools=["grep"], limits={"max_steps": 3, "pods": None})

    reply = await client.ask(request)
    changed = (await client.until("surface_changed"))[-1]
    while changed.cause != "configured":
        changed = (await client.until("surface_changed"))[-1]

    (asked,) = pod.configuring.asked
    assert (asked.tools, asked.instruction, asked.model) == (("grep",), None, None)
    assert asked.limits == {"max_steps": 3, "pods": None}
    assert reply.__struct_config__.tag == "ok"
    assert pod.journal.kinds[-1] == "surface_set"


@in_pod
async def test_with_nothing_given_nobody_is_asked(pod):
    client = await pod.connect()
    await client.greet()

    for request in (Configure(id=1), Configure(id=2, limits={})):
        assert (await client.ask(request)).code == "bad_field"

    assert pod.configuring.asked == []


@pytest.mark.parametrize(
    ("error", "code", "data"),
    [
        (
            ManifestError(path="configure", key="tools.allow", reason="no", hint="do"),
            "bad_field",
            {"remedy": "do", "key": "tools.allow"},
        ),
        (
            ManifestError(path="configure", key="model.ref", reason="not_supported: x"),
            "not_supported",
            {"key": "model.ref"},
        ),
        (DeniedError(reason="more than 'p' gave"), "denied", {}),
        (
            MissingKeyError(provider="openai_chat", variables=("A_KEY",)),
            "provider",
            {"variables": ["A_KEY"]},
        ),
        (TimedOutError(what="rendering", seconds=1), "busy", {}),
    ],
)
@in_pod
async def test_each_refusal_has_its_code(pod, error, code, data):
    client = await pod.connect()
    await client.greet()
    pod.configuring.refusal = error

    failure = await client.ask(Configure(id=1, tools=[]))

    assert (failure.code, failure.message) == (code, str(error))
    assert data.items() <= failure.data.items()


@in_pod
async def test_a_pod_that_ends_refuses(pod):
    pod.model.say(TextDelta("x"), anyio.Event())
    client = await pod.subscriber()
    await client.ask(Run(id=1, input="work"))
    await client.until("text_delta")
    await client.ask(Shutdown(id=2))

    assert (await client.ask(Configure(id=3, tools=[]))).code == "stopping"


@in_pod
async def test_a_request_that_is_out_goes_on_as_it_was_and_the_next_one_changes(pod):
    gate = anyio.Event()
    other = msgspec.structs.replace(SURFACE, model="other", tools=())
    pod.configuring.surface = other
    pod.model.say(TextDelta("x"), gate, answer("", ("read_file", "{}")))
    pod.model.say(answer("done"))
    client = await pod.subscriber()
    await client.ask(Run(id=1, input="work"))
    await client.until("text_delta")

    await client.ask(Configure(id=2, tools=[]))
    gate.set()
    result = (await client.until("tool_result"))[-1]
    await client.until("turn_ended")

    assert (result.status, "no tool" in result.summary) == ("error", True)
    assert [request.surface for request in pod.model.requests] == [SURFACE, other]
