"""Recordings in a script."""

from __future__ import annotations

import pytest

from podd.core.context.response import TextDelta
from podd.errors import ManifestError, NoSuchError
from podd.providers.recording import Recording, written
from podd.providers.registry import build, check_script
from podd.providers.settings import ModelSettings, RetryLimits
from tests.providers.recordings import ASKED, SAID, recording

NAME = "a.recording.jsonl"
STEP = f'[[step]]\nrecording = "{NAME}"\n'


@pytest.fixture(name="script")
def _script(tmp_path):
    """Settings for a script beside a recording."""

    def script(text: str, said: Recording = SAID) -> ModelSettings:
        (tmp_path / NAME).write_bytes(written(said))
        file = tmp_path / "x.script.toml"
        file.write_text(text, encoding="utf-8")
        return ModelSettings(
            provider="scripted",
            name="x",
            script=str(file),
            retries=RetryLimits(attempts=2),
        )

    return script


async def test_a_step_says_what_was_recorded(script, world, ask, hear):
    provider = build(
        script(STEP + '[[step]]\ntext = "more"\n'), environment={}, ports=world.ports()
    )

    heard = await hear(provider, ask())

    assert heard.deltas == [TextDelta("Grüße, "), TextDelta("Welt")]
    assert (heard.text, heard.response.stop_reason) == ("Grüße, Welt", "stop")
    assert heard.response.usage.estimated
    assert heard.response.usage.input_tokens > 0
    assert world.waits == []


async def test_its_pieces_come_when_they_came(script, world, ask, hear):
    settings = script(STEP + 'delay_seconds = 2\nreplay = "as_recorded"\n')

    await hear(build(settings, environment={}, ports=world.ports()), ask())

    assert world.waits == [2.0, 1.0]


async def test_a_failure_of_a_connection_is_tried_again(script, world, ask, hear):
    said = recording(fault="unreachable", message="no route", answered=None)
    provider = build(script(STEP, said), environment={}, ports=world.ports())

    heard = await hear(provider, ask())

    assert [retry.reason for retry in heard.retries] == ["unreachable"]
    assert heard.fault == "unreachable"
    assert "no route" in heard.error.message
    assert NAME in heard.error.message


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ('text = "x"', "step.text"),
        ('reasoning = "x"', "step.reasoning"),
        ('call = [{ tool = "x" }]', "step.call"),
        ('fail = { fault = "cut" }', "step.fail"),
        ("usage = { input_tokens = 1 }", "step.usage"),
        ('stop_reason = "unknown"', "step.stop_reason"),
        ("stream = { chunk_chars = 1 }", "step.stream"),
        ('replay = "backwards"', "step.replay"),
    ],
)
def test_what_the_recording_says_no_step_says(script, more, key):
    with pytest.raises(ManifestError) as refused:
        check_script(script(f"{STEP}{more}\n"))

    assert refused.value.key == key


def test_a_pace_needs_a_recording(script):
    with pytest.raises(ManifestError) as refused:
        check_script(script('[[step]]\ntext = "x"\nreplay = "at_once"\n'))

    assert refused.value.key.endswith("replay")


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.recording.jsonl", "x/../../y"])
def test_a_script_leads_nowhere_else(script, path):
    with pytest.raises(ManifestError) as refused:
        check_script(script(f'[[step]]\nrecording = "{path}"\n'))

    assert refused.value.key.endswith("recording")


def test_a_recording_that_is_not_there_is_known_at_the_start(script):
    with pytest.raises(NoSuchError):
        check_script(script('[[step]]\nrecording = "other.recording.jsonl"\n'))


def test_a_damaged_recording_is_known_at_the_start(script, tmp_path):
    settings = script(STEP)
    (tmp_path / NAME).write_bytes(written(SAID)[:-20])

    with pytest.raises(ManifestError) as refused:
        check_script(settings)

    assert (refused.value.path, refused.value.line) == (str(tmp_path / NAME), 5)


def test_a_recording_of_an_unknown_provider_is_known_at_the_start(script):
    asked = type(ASKED)(format=1, provider="oracle", sent_bytes=1)
    said = type(SAID)(asked=asked, answered=None, pieces=(), end=SAID.end)

    with pytest.raises(ManifestError) as refused:
        check_script(script(STEP, said))

    assert "oracle" in str(refused.value)


def test_a_directory_is_no_recording(script, tmp_path):
    settings = script(STEP)
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).mkdir()

    with pytest.raises(ManifestError):
        check_script(settings)
