from __future__ import annotations

import pytest

from podd.cli.commands.doctor import KEYS
from podd.providers.openai_chat.endpoint import VENDOR
from podd.providers.openai_chat.services import SERVICES
from tests.cli.command_line import podctl


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch, universe):
    for variable in KEYS:
        monkeypatch.delenv(variable, raising=False)


def test_what_can_be_used_is_listed_and_why_the_rest_cannot(capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    said = podctl(capsys, "models")
    lines = said.out.splitlines()

    assert said.code == 0
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["MODEL", "WINDOW", "ANSWER", "$", "IN", "$", "OUT"]
    (gpt,) = [line for line in lines if line.startswith("openai_chat/gpt-5 ")]
    assert gpt.split()[1:] == ["400,000", "128,000", "1.25", "10"]
    assert any(line.split()[0] == "ollama/*" for line in lines if line)
    assert any(line.split() == ["groq", "needs", "GROQ_API_KEY"] for line in lines)
    assert not any(line.startswith("groq/") for line in lines)
    assert "sk-secret" not in said.out + said.err


def test_all_are_listed_where_all_are_asked_for(capsys):
    short = podctl(capsys, "models").out
    said = podctl(capsys, "models", "--all").out

    assert "openai_chat/gpt-5 " in said
    assert "openai_chat/gpt-5 " not in short
    assert max(map(len, said.splitlines())) <= 80


def test_a_program_reads_one_document(capsys):
    said = podctl(capsys, "models", "--json")

    assert said.code == 0
    assert len(said.out.splitlines()) == 1
    found = {one["provider"]: one for one in said.document["providers"]}
    openai, ollama = found["openai_chat"], found["ollama"]
    assert openai["usable"] is False
    assert openai["problem"] == "needs OPENAI_API_KEY"
    assert "export OPENAI_API_KEY" in openai["remedy"]
    (gpt,) = [m for m in openai["models"] if m["ref"] == "openai_chat/gpt-5"]
    assert gpt.keys() == {
        *("ref", "context_window", "max_output_tokens", "capabilities", "price")
    }
    assert gpt["price"] == {"input": 1.25, "output": 10.0, "cache_read": 0.125}
    assert (ollama["usable"], ollama["problem"], ollama["models"]) == (True, None, [])


def test_the_users_own_models_are_listed_and_a_mistake_in_them_is_told(
    capsys, universe
):
    universe.configuration.mkdir(parents=True, exist_ok=True)
    path = universe.user_models
    path.write_text("[ollama.qwen]\ncontext_window = 32_768\n", encoding="utf-8")
    said = podctl(capsys, "models")
    path.write_text("[ollama.qwen]\ncontext_window = 0\n", encoding="utf-8")
    bad = podctl(capsys, "models", "--json")

    (line,) = [x for x in said.out.splitlines() if x.startswith("ollama/")]
    assert line.split() == ["ollama/qwen", "32,768", "-", "-", "-"]
    assert bad.code == 2
    assert bad.document["error"]["code"] == "bad_manifest"
    assert f"{path}:2" in bad.document["error"]["message"]


def test_the_doctor_looks_for_every_key_that_is_looked_for():
    vendors = [VENDOR, *(service.vendor for service in SERVICES.values())]
    assert {name for vendor in vendors for name in vendor.variables} <= set(KEYS)
