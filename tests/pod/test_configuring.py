"""A living pod goes by another manifest from its next step on, and so does its heir."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.session import entries as e
from podd.errors import FailureReplyError
from podd_protocol.requests import (
    Cancel,
    Configure,
    Pause,
    Resume,
    Run,
    Shutdown,
    Status,
)
from tests.launch.pods import (
    ENDLESS,
    OUTLIVES,
    SLOW,
    Watched,
    entries,
    kill,
    kinds,
    resumed,
    started,
    subscribed,
    until,
    write_pod,
)

pytestmark = [pytest.mark.processes, pytest.mark.filterwarnings(OUTLIVES)]

#: A call that needs a tool.
READ = 'text = ""\n[[step.call]]\ntool = "glob"\narguments = { pattern = "*" }'


def _surfaces(places, session):
    return [x for x in entries(places, session) if isinstance(x, e.SurfaceSet)]


def test_a_limit_changes_nothing_of_the_prompt_and_outlives_the_process(
    places, tmp_path
):
    pod = started(places, write_pod(tmp_path, *[READ] * 9))
    with subscribed(pod) as connection:
        until(connection, "surface_changed")
        connection.ask(Configure(id=0, limits={"max_steps": 2, "pods": 1}))
        changed = until(connection, "surface_changed")[-1]
        connection.ask(Run(id=0, input="work"))
        ended = until(connection, "turn_ended")[-1]
        status = connection.ask(Status(id=0))
    kill(pod)

    assert changed.cause == "configured"
    assert (ended.outcome.limit, status.limits.max_steps) == ("steps", 2)
    first, second = _surfaces(places, pod.session)
    assert first.surface == second.surface
    with subscribed(resumed(places, pod.session)) as connection:
        assert connection.ask(Status(id=0)).limits == status.limits
        until(connection, "turn_ended")
        connection.ask(Run(id=0, input="again"))
        assert until(connection, "turn_ended")[-1].outcome.limit == "steps"
    assert len(_surfaces(places, pod.session)) == 2


def test_a_call_of_a_tool_that_was_taken_away_is_refused(places, tmp_path):
    pod = started(places, write_pod(tmp_path, SLOW, READ, 'text = "done"'))
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="first"))
        # While the turn runs; two in a row both count.
        connection.ask(Configure(id=0, tools=["read_file"]))
        connection.ask(Configure(id=0, limits={"depth": 0}))
        until(connection, "turn_ended")
        connection.ask(Run(id=0, input="second"))
        result = until(connection, "tool_result")[-1]
        status = connection.ask(Status(id=0))

    assert result.status == "error"
    assert "there is no tool 'glob'" in result.summary
    assert (status.tools, status.limits.depth) == (["read_file"], 0)


def test_commands_can_be_allowed_later(places, tmp_path):
    say = (
        'text = ""\n[[step.call]]\ntool = "bash"\n'
        'arguments = { command = "echo at last" }'
    )
    more = '[tools]\nallow = ["glob"]\n'
    script = (READ, 'text = "one"', say, 'text = "two"')
    pod = started(places, write_pod(tmp_path, *script, more=more))
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="first"))
        until(connection, "turn_ended")
        connection.ask(Configure(id=0, tools=["glob", "bash"]))
        if "bash" not in connection.ask(Status(id=0)).tools:
            pytest.skip("no commands can be confined here")
        connection.ask(Run(id=0, input="second"))
        result = until(connection, "tool_result")[-1]

    assert (result.status, "at last" in result.output) == ("ok", True)


def test_an_instruction_counts_from_the_next_step_of_a_paused_turn(places, tmp_path):
    text = tmp_path / "words.md"
    text.write_text("Speak of nothing but beans.", encoding="utf-8")
    pod = started(places, write_pod(tmp_path, ENDLESS))
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="work"))
        until(connection, "text_delta")
        connection.ask(Pause(id=0))
        connection.ask(Configure(id=0, instruction=str(text)))
        connection.ask(Resume(id=0))
        until(connection, "text_delta")
        kill(pod)

    # The request that was out had the surface that holds now: nothing to wonder at.
    with subscribed(resumed(places, pod.session)) as connection:
        events = until(connection, "text_delta")
        connection.ask(Cancel(id=0))
    assert not [x for x in events if x.__struct_config__.tag == "alert"]
    before, after = _surfaces(places, pod.session)
    assert "nothing but beans" in after.surface.system
    assert "nothing but beans" not in before.surface.system
    asked = [x for x in entries(places, pod.session) if isinstance(x, e.StepStarted)]
    assert asked[0].request != asked[1].request == asked[2].request


def test_a_request_that_was_out_at_a_crash_is_no_alert(places, tmp_path):
    pod = started(places, write_pod(tmp_path, ENDLESS))
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="work"))
        until(connection, "text_delta")
        connection.ask(Configure(id=0, tools=[]))
        kill(pod)

    with subscribed(resumed(places, pod.session)) as connection:
        events = until(connection, "text_delta")
    assert not [x for x in events if x.__struct_config__.tag == "alert"]


def test_what_stands_in_the_entry_is_sent_whatever_podd_would_say_today(
    places, tmp_path
):
    """Promise 11: a restore renders nothing, so other texts change nothing."""
    pod = started(places, write_pod(tmp_path, 'text = "one"', 'text = "two"'))
    with subscribed(pod) as connection:
        until(connection, "surface_changed")
        connection.ask(Configure(id=0, tools=["read_file"]))
        connection.ask(Run(id=0, input="first"))
        until(connection, "turn_ended")
    kill(pod)
    said = _surfaces(places, pod.session)[-1]
    places.prompts.mkdir(parents=True)
    (places.prompts / "boundaries.md").write_text("Other words.", encoding="utf-8")

    with subscribed(resumed(places, pod.session)) as connection:
        until(connection, "turn_ended")
        connection.ask(Run(id=0, input="second"))
        until(connection, "turn_ended")
        # A limit is no reason to say anything else either.
        connection.ask(Configure(id=0, limits={"max_steps": 9}))
        again = _surfaces(places, pod.session)[-1]
        assert again.surface == said.surface
        connection.ask(Configure(id=0, instruction="$builtin/default"))
    assert kinds(places, pod.session).count("surface_set") == 4
    assert "Other words." in _surfaces(places, pod.session)[-1].surface.system


#: What is asked, how it is refused, and what the refusal says.
CANNOT_BE = (
    ({}, "bad_field", "nothing in it"),
    ({"tools": ["grpe"]}, "bad_field", "no tool 'grpe'"),
    ({"model": "nobody/x"}, "bad_field", "no provider 'nobody'"),
    ({"model": "openai_chat/x"}, "provider", "OPENAI_API_KEY"),
    ({"instruction": "notes.md"}, "bad_field", "relative path"),
    ({"instruction": "$user/nothing"}, "bad_field", "cannot be read"),
    ({"instruction": "BROKEN"}, "bad_field", "broken.md"),
    ({"limits": {"max_steps": 0}}, "bad_field", "at least 1"),
)


def test_what_cannot_be_changes_nothing(places, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    broken = tmp_path / "broken.md"
    broken.write_text("{{ nobody.knows }}", encoding="utf-8")
    pod = started(places, write_pod(tmp_path))
    with subscribed(pod) as connection:
        until(connection, "surface_changed")
        before = entries(places, pod.session)
        for asked, code, words in CANNOT_BE:
            if asked.get("instruction") == "BROKEN":
                asked["instruction"] = str(broken)
            with pytest.raises(FailureReplyError) as caught:
                connection.ask(Configure(id=0, **asked))
            refused = caught.value
            assert (refused.failure, words in refused.message) == (code, True), asked
        assert entries(places, pod.session) == before


def test_a_pod_that_ends_is_configured_no_more(places, tmp_path):
    pod = started(places, write_pod(tmp_path, ENDLESS))
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="work"))
        until(connection, "text_delta")
        connection.ask(Shutdown(id=0))
        with pytest.raises(FailureReplyError) as caught:
            connection.ask(Configure(id=0, limits={"max_steps": 3}))
        connection.ask(Shutdown(id=0, mode="now"))
    Watched(pod.pid).wait()

    assert caught.value.failure == "stopping"
    assert len(_surfaces(places, pod.session)) == 1


def test_calls_are_traced_where_the_manifest_says_so(places, tmp_path):
    script = ('text = "one"', 'text = "two"')
    more = "[agent]\ntrace = true\n"
    pod = started(places, write_pod(tmp_path, *script, more=more))
    silent = started(places, write_pod(tmp_path, 'text = "x"', name="silent", write=""))
    for each in (pod, silent):
        with subscribed(each) as connection:
            connection.ask(Run(id=0, input="work"))
            until(connection, "turn_ended")
            connection.ask(Run(id=0, input="more"))
            until(connection, "turn_ended")
            connection.ask(Shutdown(id=0))
            until(connection, "stopping")
        Watched(each.pid).wait()

    kept = places.session(pod.session) / "traces.jsonl"
    lines = [msgspec.json.decode(x) for x in kept.read_bytes().splitlines()]
    asked = [x for x in entries(places, pod.session) if isinstance(x, e.StepStarted)]
    assert [x["request_digest"] for x in lines] == [x.request for x in asked]
    assert [x["items"] for x in lines] == [1, 3]
    assert not (places.session(silent.session) / "traces.jsonl").exists()
