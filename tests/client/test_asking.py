"""What is asked of a pod, and what is no answer to it."""

from pathlib import Path

import msgspec
import pytest

from podd.client.connection import PodConnection
from podd_protocol.replies import Accepted, Ok
from podd_protocol.requests import Answer, Approve, Deny, PodEvent
from tests.client.fake_pod import FakePod, fake_pod


@pytest.mark.parametrize(
    "request_",
    [
        Approve(id=0, call="t1.1", pod="demo.left", remember="session"),
        Deny(id=0, call="t1.1", reason="no"),
        Answer(id=0, question="t1.1", text="peas"),
    ],
)
def test_what_waits_for_people_can_be_answered(
    short_directory: Path, request_: Approve | Deny | Answer
) -> None:
    path = short_directory / "demo" / "sock"

    with fake_pod(path) as pod, PodConnection.open(path) as connection:
        said = connection.ask(request_)
        heard = pod.wait_for(type(request_))

    assert isinstance(said, Ok)
    assert heard == msgspec.structs.replace(request_, id=2)


def test_a_hint_of_a_child_is_accepted(short_directory: Path) -> None:
    path = short_directory / "demo" / "sock"
    hint = PodEvent(id=0, kind="turn_ended", pod="demo.left", token="t")

    def answer(_pod: FakePod, request: object) -> Accepted | None:
        return Accepted(id=request.id) if isinstance(request, PodEvent) else None

    with fake_pod(path, answer=answer), PodConnection.open(path) as connection:
        assert connection.ask(hint) == Accepted(id=2)
