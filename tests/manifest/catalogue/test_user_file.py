from __future__ import annotations

import pytest

from podd.core.context.price import LongRates, Price
from podd.errors import ManifestError
from podd.manifest.catalogue.catalogue import Catalogue
from podd.manifest.catalogue.facts import ModelFacts
from podd.manifest.catalogue.user_file import read_user_models

GOOD = """
[groq."llama-3.3-70b"]
context_window = 131_072
max_output_tokens = 32_768
capabilities = ["tools"]
price = { input = 0.59, output = 0.79, long = [
  { more_than = 100, input = 1, output = 2 },
] }
[ollama."qwen3:8b"]
"""


def test_a_good_file_is_read(desk):
    models, errors = read_user_models(desk.models(GOOD))

    assert errors == []
    assert models == {
        "groq": {
            "llama-3.3-70b": ModelFacts(
                context_window=131_072,
                max_output_tokens=32_768,
                capabilities=("tools",),
                price=Price(
                    input=0.59,
                    output=0.79,
                    long=(LongRates(more_than=100, input=1, output=2),),
                ),
            )
        },
        "ollama": {"qwen3:8b": ModelFacts()},
    }


def test_no_file_says_nothing(desk):
    assert read_user_models(desk.places.user_models) == ({}, [])


M = "[groq.m]\n"


@pytest.mark.parametrize(
    ("text", "key", "line", "word"),
    [
        ("[groq\n", "", 1, "not valid TOML"),
        ("groq = 1\n", "groq", 1, "a table of models"),
        ("\n[grok.m]\n", "grok", 2, "'groq'"),
        ("[groq]\nm = 1\n", "groq.m", 2, "one model"),
        ("[groq.llama-3.3]\nprice = 1\n", "groq.llama-3.3", 1, "quotes"),
        (M + "window = 1\n", "groq.m.window", 2, "context_window"),
        (M + "context_window = 0\n", "groq.m.context_window", 2, "at least 1"),
        (M + "context_window = '1'\n", "groq.m.context_window", 2, "an integer"),
        (M + "max_output_tokens = 1.5\n", "groq.m.max_output_tokens", 2, "integer"),
        (M + "capabilities = 'tools'\n", "groq.m.capabilities", 2, "an array"),
        (M + "capabilities = ['tool']\n", "groq.m.capabilities", 2, "'tools'"),
        (M + "price = 3\n", "groq.m.price", 2, "a table"),
        (M + "price = { input = 3 }\n", "groq.m.price", 2, "needs output"),
        (M + "price = {}\n", "groq.m.price", 2, "needs"),
        (M + "[groq.m.price]\ninput = -1\noutput = 1\n", "groq.m.price.input", 3, "0"),
        (M + "price = { in = 3, output = 1 }\n", "groq.m.price.in", 2, "unknown key"),
        (M + "price = { input = nan, output = 1 }\n", "groq.m.price.input", 2, ""),
        (M + "price = { input = inf, output = 1 }\n", "groq.m.price.input", 2, ""),
        (
            M + "price = { input = 1, output = 1, long = [{ input = 1 }] }\n",
            "groq.m.price.long",
            2,
            "needs",
        ),
    ],
)
def test_a_fault_is_named_with_its_place_and_a_remedy(desk, text, key, line, word):
    path = desk.models(text)
    _, errors = read_user_models(path)

    assert len(errors) == 1
    (error,) = errors
    assert (error.path, error.key, error.line) == (str(path), key, line)
    assert word in f"{error.reason} {error.remedy}"
    with pytest.raises(ManifestError):
        Catalogue.of(desk.places)


def test_all_faults_are_told_and_the_rest_counts(desk):
    path = desk.models(
        M + "context_window = 0\nmax_output_tokens = 5\n[xai.n]\nx = 1\n[vllm.o]\n"
    )
    models, errors = read_user_models(path)

    assert [error.line for error in errors] == [2, 5]
    assert models["vllm"] == {"o": ModelFacts()}


def test_a_fault_in_it_is_one_of_each_manifest(desk, refused):
    path = desk.models(M + "context_window = 0\n")

    error = refused('[model]\nref = "openai_chat/m"\n')

    assert (error.path, error.line) == (str(path), 2)
    assert [e.path for e in desk.check("pod.toml")] == [str(path)]


def test_what_is_no_file_is_an_error(desk):
    desk.places.user_models.mkdir(parents=True)
    _, (error,) = read_user_models(desk.places.user_models)
    assert "not a regular file" in error.reason or "Is a directory" in error.reason


def test_a_link_that_leads_nowhere_is_an_error(desk):
    desk.places.configuration.mkdir(parents=True)
    desk.places.user_models.symlink_to("nowhere")
    _, errors = read_user_models(desk.places.user_models)
    assert len(errors) == 1
