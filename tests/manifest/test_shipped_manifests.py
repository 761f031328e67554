"""What a person starts from is sound, and needs no key to be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from podd.manifest.schema import ModelSection
from podd.manifest.starter import STARTER

ASSISTANT = Path(__file__).parents[2] / "manifests/assistant.toml"


def test_the_first_manifest_loads(desk) -> None:
    resolved = desk.text(STARTER)
    assert resolved.manifest.model.provider == "openai_chat"
    assert resolved.scope.paths("write") == (f"{desk.directory}/notes",)


def test_the_first_manifest_is_sound_with_its_comments_taken_up(desk) -> None:
    for name in ("secrets", "prompt.md"):
        desk.write(name, "x")
    (desk.directory / "home/.cargo").mkdir()
    text = re.sub(r"(?m)^ref = .*\n", "", STARTER)
    manifest = desk.text(re.sub(r"(?m)^# (?=\w+ = )", "", text)).manifest
    assert manifest.model.base_url == "http://127.0.0.1:11434/v1"
    assert manifest.pod.name == "reviewer"
    assert manifest.scope.hidden


def test_the_assistant_loads_and_writes_to_its_notes_only(desk) -> None:
    resolved = desk.load(str(ASSISTANT), f"pod.workdir={desk.directory}")
    assert resolved.manifest.pod.name == "assistant"
    assert resolved.scope.paths("read") == (str(desk.directory),)
    assert resolved.scope.paths("write") == (f"{desk.directory}/notes",)


def _others() -> list[str]:
    """The lines that the assistant offers in place of its model."""
    text = ASSISTANT.read_text("utf-8")
    found: list[str] = re.findall(r"(?m)^# (ref = .*)\n(?!# base_url)", text)
    assert len(found) > 5
    return found


@pytest.mark.parametrize("line", _others(), ids=lambda line: line.split('"')[1])
def test_each_model_that_the_assistant_names_can_be_put_in(desk, line: str) -> None:
    text = re.sub(
        r"(?m)^ref = .*\n", lambda _: f"{line}\n", ASSISTANT.read_text("utf-8")
    )
    model: ModelSection = desk.text(text, "pod.workdir=.").manifest.model
    assert model.ref in line
    assert model.base_url is None


def test_a_server_of_ones_own_can_be_put_in(desk) -> None:
    text = ASSISTANT.read_text("utf-8")
    pair = re.search(r"(?m)((?:^# \w+ = .*\n){3})", text[text.index("my-model") - 40 :])
    assert pair is not None
    lines = pair.group(1).replace("# ", "")
    text = re.sub(r"(?m)^ref = .*\n", lambda _: lines, text)
    model: ModelSection = desk.text(text, "pod.workdir=.").manifest.model
    assert (model.base_url, model.auth is not None) == (
        "https://models.example/v1",
        True,
    )
