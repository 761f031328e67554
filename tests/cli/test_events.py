"""`podctl events`: follow what a pod does."""

import json
import re

import pytest

from podd.paths import Places
from podd_protocol.events import Lagged, StateChanged, Text, TextDelta
from podd_protocol.requests import Subscribe
from tests.cli.command_line import podctl
from tests.client.fake_pod import FakePod, fake_pod

Captured = pytest.CaptureFixture[str]

AT = "2026-11-20T10:00:00.000Z"


def _say_and_end(pod: FakePod) -> None:
    pod.say(
        StateChanged(at=AT, state="running"),
        TextDelta(turn="t1", step=1, attempt=1, text="He"),
        b'{"event":"moon_phase","seq":3,"phase":"new"}\n',
        Lagged(seq=9, from_=4, to=9),
        Text(at=AT, turn="t1", step=1, text="Hello\x1b[2J\nyou"),
    )
    pod.hang_up()


def test_words_are_a_line_an_event_until_the_pod_ends(
    universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_subscribe = _say_and_end
        said = podctl(capsys, "events", "demo")

    lines = said.out.splitlines()
    assert said.code == 0
    assert [line[10:] for line in lines] == [
        "is running",
        "events 4 to 9 were skipped",
        "said: Hello\x1b[2J …",
    ]
    assert re.fullmatch(r"\d\d:\d\d:\d\d", lines[0][:8])
    assert lines[1][:8] == " " * 8
    assert "podctl resume demo" in said.err


def test_json_is_every_event_as_on_the_wire_and_whose_it_is(
    universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_subscribe = _say_and_end
        said = podctl(capsys, "events", "demo", "--json")

    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [line["event"] for line in lines] == [
        "state_changed",
        "text_delta",
        "moon_phase",
        "lagged",
        "text",
    ]
    assert lines[0] == {
        "event": "state_changed",
        "seq": 1,
        "at": AT,
        "state": "running",
        "pod": "demo",
    }
    assert lines[2]["phase"] == "new"
    assert lines[3]["from"] == 4


@pytest.mark.parametrize(("given", "after"), [((), 41), (("--after", "0"), 0)])
def test_it_begins_where_one_says(
    given: tuple[str, ...], after: int, universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.seq = 41
        pod.on_subscribe = FakePod.hang_up
        podctl(capsys, "events", "demo", *given)
        subscribe = pod.wait_for(Subscribe)

    assert isinstance(subscribe, Subscribe)
    assert subscribe.after == after


def test_following_has_an_end(universe: Places, capsys: Captured) -> None:
    with fake_pod(universe.socket("demo")):
        said = podctl(capsys, "--timeout", "0.2", "events", "demo", "--json")

    assert said.code == 7
    assert said.document["error"]["code"] == "timed_out"
