"""A picture on its way from a client's line to the model."""

from __future__ import annotations

from podd.core.context.conversation import ImagePart, TextPart, UserItem
from podd.testing.model import answer
from podd_protocol.requests import ImageInput, Run, Subscribe, TextInput
from podd_protocol.values import Media
from tests.runtime.in_pod import in_pod

PNG = "iVBORw0KGgo="


def _run(number: int, data: str) -> Run:
    parts = [
        TextInput(text="What ails it?"),
        ImageInput(media_type="image/png", data=data, name="leaf.png"),
    ]
    return Run(id=number, input=parts)


@in_pod
async def test_the_model_sees_it_and_events_only_tell_of_it(pod):
    pod.model.say(answer("thirst"))
    client = await pod.connect()
    await client.greet()
    await client.ask(Subscribe(id=1, after=pod.feed.last))

    await client.ask(_run(2, PNG))
    events = await client.until("turn_ended")

    assert pod.state.conversation[0] == UserItem(
        "What ails it?",
        parts=(
            TextPart("What ails it?"),
            ImagePart("image/png", PNG, name="leaf.png"),
        ),
    )
    assert events[0].text == "What ails it?"
    assert events[0].media == [
        Media(type="image", media_type="image/png", bytes=8, name="leaf.png")
    ]


@in_pod
async def test_what_is_no_picture_changes_nothing(pod):
    client = await pod.connect()
    await client.greet()
    before = pod.state.n

    failure = await client.ask(_run(1, "R0lGODlh"))

    assert failure.code == "bad_field"
    assert failure.data == {"place": "input[1].data"}
    assert pod.state.n == before
