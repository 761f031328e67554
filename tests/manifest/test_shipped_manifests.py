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


@pytest.mark.parametrize(
    "server", ["Ollama", "vLLM", "llama.cpp", "LM Studio", "OpenRouter"]
)
def test_each_server_that_the_assistant_names_can_be_put_in(desk, server: str) -> None:
    text = ASSISTANT.read_text("utf-8")
    pair = re.search(rf"(?m)^# {re.escape(server)}\b.*\n((?:# \w+ = .*\n)+)", text)
    assert pair is not None
    lines = pair.group(1).replace("# ", "")
    text = re.sub(r"(?m)^ref = .*\n", lambda _: lines, text)
    model: ModelSection = desk.text(text, "pod.workdir=.").manifest.model
    assert model.base_url is not None
    assert (model.auth is not None) == (server == "OpenRouter")
