from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

import podd.manifest.catalogue.catalogue as room
from podd.core.context.price import Price
from podd.manifest.catalogue.catalogue import Catalogue
from podd.manifest.catalogue.facts import ModelFacts
from podd.manifest.vocabulary import PROVIDERS

FOLDER = Path(room.__file__).parent
FILES = sorted(FOLDER.glob("*.json"))


@pytest.fixture(autouse=True)
def _no_price_list(monkeypatch):
    """What the package has changes with its version."""
    monkeypatch.setattr(room.price_list, "price_of", lambda *_: None)


@pytest.fixture
def catalogue(desk):
    return Catalogue.of(desk.places)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_is_whole_and_says_where_it_is_from(path):
    """Nothing in it is ignored: what is read is what is written."""
    written = msgspec.json.decode(path.read_bytes())
    read = msgspec.json.decode(path.read_bytes(), type=room._BuiltIn)

    assert msgspec.json.decode(msgspec.json.encode(read)) == written
    assert all(source.startswith("https://") for source in read.sources)
    assert date.fromisoformat(read.read_on) <= date(2026, 11, 30)
    for name, facts in read.models.items():
        assert facts.context_window, name
        assert facts.max_output_tokens, name
        assert facts.max_output_tokens < facts.context_window, name
        assert facts.capabilities, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_reading_from_a_cache_is_no_dearer_than_reading(path):
    models = msgspec.json.decode(path.read_bytes(), type=room._BuiltIn).models
    for name, facts in models.items():
        if facts.price is None:
            continue
        for rates in (facts.price, *facts.price.long):
            assert rates.input <= rates.output, name
            assert rates.cache_read is None or rates.cache_read <= rates.input, name
            assert rates.cache_write is None or rates.cache_write >= rates.input, name


def test_every_file_belongs_to_a_provider_and_is_found():
    assert {path.stem for path in FILES} == set(room._FILES.values())
    known = {*PROVIDERS.built, *PROVIDERS.not_built}
    assert set(room._FILES) <= known


def test_a_known_model_is_known(catalogue):
    facts = catalogue.facts("anthropic", "claude-sonnet-4-5")

    assert facts.context_window == 200_000
    assert facts.max_output_tokens == 64_000
    assert facts.can("structured_output")
    assert facts.price is not None
    assert (facts.price.input, facts.price.cache_write) == (3, 3.75)


def test_an_unknown_model_is_unpriced_and_nothing_is_known_of_it(catalogue):
    assert catalogue.facts("anthropic", "claude-0") == ModelFacts()
    assert catalogue.facts("ollama", "claude-sonnet-4-5") == ModelFacts()
    assert not ModelFacts().can("tools")


@pytest.mark.parametrize(
    ("provider", "name", "alias"),
    [
        ("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("openai_chat", "gpt-4o-2024-11-20", "gpt-4o"),
        ("openai_responses", "gpt-5", "gpt-5"),
    ],
)
def test_a_name_with_its_day_is_the_same_model(catalogue, provider, name, alias):
    facts = catalogue.facts(provider, name)

    assert facts == catalogue.facts(provider, alias)
    assert facts.context_window


@pytest.mark.parametrize(
    ("name", "dollars"),
    [
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", 3),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 3.3),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", 3.3),
        ("eu.anthropic.claude-opus-4-6-v1", 5.5),
        ("amazon.nova-pro-v1:0", 0.8),
        ("apac.amazon.nova-pro-v1:0", 0.8),
    ],
)
def test_a_profile_of_bedrock_has_the_price_of_its_place(catalogue, name, dollars):
    price = catalogue.facts("bedrock", name).price

    assert price is not None
    assert price.input == dollars


def test_a_model_is_the_same_behind_another_address(catalogue, desk):
    manifest = "[model]\nref='openai_chat/gpt-5'\nbase_url='http://127.0.0.1:8000/v1'\n"
    model = desk.text(manifest).manifest.model

    assert catalogue.facts_of(model) == catalogue.facts("openai_chat", "gpt-5")
    assert catalogue.facts_of(model).price is not None


def test_the_user_knows_better_field_by_field(catalogue, desk):
    desk.models(
        '[anthropic."claude-opus-5"]\nmax_output_tokens = 7\n'
        "price = { input = 1, output = 2 }\n"
    )
    before = catalogue.facts("anthropic", "claude-opus-5")
    after = Catalogue.of(desk.places).facts("anthropic", "claude-opus-5")

    assert after == msgspec.structs.replace(
        before, max_output_tokens=7, price=Price(input=1, output=2)
    )


def test_the_user_adds_models_and_they_are_listed_last(desk):
    desk.models('[openai_chat.mine]\n[groq."a/b"]\n[bedrock.x]\n')
    catalogue = Catalogue.of(desk.places)

    assert catalogue.names("openai_chat")[-1] == "mine"
    assert "gpt-5" in catalogue.names("openai_chat")
    assert catalogue.names("groq") == ["a/b"]
    assert catalogue.names("bedrock") == ["x"]
    assert catalogue.names("vllm") == []


def test_a_price_that_nobody_has_stated_is_looked_up(desk, monkeypatch):
    listed = Price(input=9, output=9)
    asked = []
    monkeypatch.setattr(
        room.price_list, "price_of", lambda *names: (asked.append(names), listed)[1]
    )
    desk.models("[groq.m]\nprice = { input = 1, output = 1 }\n")
    catalogue = Catalogue.of(desk.places)

    assert catalogue.facts("groq", "m").price == Price(input=1, output=1)
    assert catalogue.facts("anthropic", "claude-opus-5").price != listed
    assert asked == []
    assert catalogue.facts("groq", "n").price == listed
    assert asked == [("groq", "n")]
