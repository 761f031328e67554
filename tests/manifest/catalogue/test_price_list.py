"""Against the package itself, as tests install it; its data is not ours to test."""

from __future__ import annotations

import sys
from decimal import Decimal

import pytest
from genai_prices.types import ModelPrice, Tier, TieredPrices

from podd.core.context.price import LongRates, Price
from podd.manifest.catalogue import price_list
from podd.manifest.catalogue.price_list import price_from, price_of
from podd.manifest.vocabulary import PROVIDERS


def test_a_listed_price_is_translated():
    listed = ModelPrice(
        input_mtok=Decimal(3),
        output_mtok=Decimal(15),
        cache_read_mtok=Decimal("0.3"),
        cache_write_mtok=Decimal("3.75"),
        web_searches_kcount=Decimal(10),
    )

    assert price_from(listed) == Price(
        input=3, output=15, cache_read=0.3, cache_write=3.75
    )


def test_what_reading_much_costs_is_translated():
    listed = ModelPrice(
        input_mtok=TieredPrices(Decimal(1), [Tier(200_000, Decimal(2))]),
        output_mtok=Decimal(8),
    )

    assert price_from(listed) == Price(
        input=1, output=8, long=(LongRates(more_than=200_000, input=2, output=8),)
    )


@pytest.mark.parametrize(
    "listed", [ModelPrice(), ModelPrice(input_mtok=Decimal(1)), ModelPrice(x=1)]
)
def test_what_is_not_sold_by_the_token_has_no_price(listed):
    assert price_from(listed) is None


def test_a_listed_model_has_a_price_and_the_network_is_not_asked(monkeypatch):
    def refuse(*_args, **_more):
        raise AssertionError("somebody was asked")

    monkeypatch.setattr("socket.socket.connect", refuse)

    assert price_of("groq", "llama-3.3-70b-versatile") is not None


@pytest.mark.parametrize(
    ("provider", "name"),
    [("groq", "no-such-model"), ("ollama", "m"), ("scripted", "m")],
)
def test_what_is_not_listed_has_none(provider, name):
    assert price_of(provider, name) is None


def test_without_the_package_nothing_has_a_price(monkeypatch):
    monkeypatch.setitem(sys.modules, "genai_prices.data_snapshot", None)

    assert price_of("groq", "llama-3.3-70b-versatile") is None


def test_each_provider_that_is_asked_for_is_one():
    assert set(price_list._NAMES) <= {*PROVIDERS.built, *PROVIDERS.not_built}
