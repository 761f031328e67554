from __future__ import annotations

import sys

import pytest

from podd.launch.usable import usable
from podd.manifest.catalogue.catalogue import Catalogue
from podd.manifest.vocabulary import PROVIDERS


def _found(environment=None, models=None):
    found = usable(Catalogue(models or {}), environment or {})
    return {one.provider: one for one in found}


def test_every_provider_is_looked_at_but_the_one_that_answers_from_a_file():
    assert set(_found()) == set(PROVIDERS.built) - {"scripted"}


def test_a_key_that_is_missing_is_named_with_a_remedy():
    groq = _found()["groq"]

    assert groq.problem == "needs GROQ_API_KEY"
    assert "export GROQ_API_KEY" in groq.remedy


def test_what_has_its_key_can_be_used_and_its_models_are_known():
    openai = _found({"OPENAI_API_KEY": "sk-1"})["openai_chat"]

    assert openai.problem == ""
    assert "openai_chat/gpt-5" in [model.ref for model in openai.models]
    assert all(model.facts.context_window for model in openai.models)


def test_a_second_variable_will_do():
    assert _found({"PPLX_API_KEY": "k"})["perplexity"].problem == ""
    assert " or " in _found()["perplexity"].problem


def test_a_key_that_cannot_be_sent_is_said_to_be_none_and_not_shown():
    groq = _found({"GROQ_API_KEY": "a b"})["groq"]

    assert "GROQ_API_KEY is unsendable" in groq.problem
    assert "a b" not in groq.problem + groq.remedy


@pytest.mark.parametrize("provider", ["llamacpp", "lmstudio", "ollama", "vllm"])
def test_servers_on_this_machine_need_nothing(provider):
    assert _found()[provider].problem == ""


def test_an_extra_that_is_missing_is_named(monkeypatch):
    from podd.launch import usable as room

    monkeypatch.setattr(room, "_EXTRAS", {"groq": ("no_such_module", "groq")})
    groq = _found({"GROQ_API_KEY": "k"})["groq"]

    assert groq.problem == "needs no_such_module"
    assert "podd[groq]" in groq.remedy
    assert "no_such_module" not in sys.modules
