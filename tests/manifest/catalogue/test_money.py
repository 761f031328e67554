"""A limit of money, wherever a manifest comes from."""

from __future__ import annotations

import pytest

from podd.core.context.price import Price
from podd.errors import DeniedError, ManifestError
from podd.manifest.configuring import Changes, configured
from podd.manifest.document import from_document, to_document

PRICED = "[openai_chat.m]\ncontext_window = 9\nprice = { input = 1, output = 2 }\n"
LIMITED = '[model]\nref = "openai_chat/m"\n[limits]\ncost_usd = 2.5\n'
FREE = '[model]\nref = "openai_chat/m"\n'


def _change(desk, resolved, *, lender=None, **changes):
    return configured(
        resolved,
        Changes(**changes),
        lender=lender,
        places=desk.places,
        environment={"HOME": "/"},
    )


def test_a_priced_model_may_be_limited_and_its_facts_are_kept(desk):
    desk.models(PRICED)
    resolved = desk.text(LIMITED)

    assert resolved.manifest.limits.cost_usd == 2.5
    assert resolved.facts.price == Price(input=1, output=2)
    assert resolved.context_window == 9
    assert from_document(to_document(resolved)) == resolved


def test_the_manifest_knows_the_window_better(desk):
    desk.models(PRICED)
    resolved = desk.text(FREE + "context_window = 7\n")

    assert resolved.context_window == 7


def test_a_document_from_before_the_catalogue_is_read(desk):
    document = to_document(desk.text(FREE))
    del document["facts"]
    for key in ("region", "api_version", "top_p", "top_k", "stop", "stream"):
        del document["manifest"]["model"][key]
    del document["manifest"]["limits"]["cost_usd"]

    assert from_document(document).manifest == desk.text(FREE).manifest


def test_an_unpriced_model_may_not_be_limited(refused):
    error = refused(LIMITED)

    assert (error.key, error.line) == ("limits.cost_usd", 4)
    assert "no known price" in error.reason
    assert '[openai_chat."m"]' in error.remedy
    assert "podd[prices]" in error.remedy


def test_a_child_inherits_the_limit_and_may_get_less(desk, child):
    desk.models(PRICED)
    desk.write("child.toml", "[limits]\ncost_usd = 1\n")

    assert child(LIMITED).manifest.limits.cost_usd == 2.5
    assert child(LIMITED, manifest="child.toml").manifest.limits.cost_usd == 1
    assert child(LIMITED).facts == desk.text(LIMITED).facts


def test_a_child_under_a_limit_needs_a_priced_model_too(desk, refusal, child):
    desk.models(PRICED + "[openai_chat.n]\nprice = { input = 3, output = 4 }\n")

    assert child(LIMITED, model="openai_chat/n").facts.price == Price(input=3, output=4)
    error = refusal(LIMITED, model="openai_chat/o")
    assert (error.path, error.key) == ("spawn_pod", "limits.cost_usd")
    assert "openai_chat/o has no known price" in error.reason


def test_another_model_of_a_living_pod_has_its_own_facts(desk):
    desk.models(PRICED + "[openai_chat.n]\nprice = { input = 3, output = 4 }\n")
    resolved = desk.text(LIMITED)

    changed = _change(desk, resolved, model="openai_chat/n")
    assert changed.facts.price == Price(input=3, output=4)
    with pytest.raises(ManifestError) as caught:
        _change(desk, resolved, model="openai_chat/o")
    assert caught.value.key == "model.ref"
    assert "no known price" in caught.value.reason


def test_what_was_known_stays_where_the_model_does(desk):
    desk.models(PRICED)
    resolved = desk.text(LIMITED)
    desk.models("")

    changed = _change(desk, resolved, limits={"cost_usd": 9.0})
    assert changed.facts == resolved.facts
    assert changed.manifest.limits.cost_usd == 9
    assert (
        _change(desk, resolved, limits={"cost_usd": None}).manifest.limits.cost_usd
        is None
    )


def test_a_lent_limit_may_not_be_raised_or_taken_away(desk):
    desk.models(PRICED)
    resolved = desk.text(LIMITED)

    for value in (2.51, None):
        with pytest.raises(DeniedError):
            _change(desk, resolved, lender="p", limits={"cost_usd": value})
    assert _change(desk, resolved, lender="p", limits={"cost_usd": 2.0})


def test_the_place_of_a_model_stays_with_its_provider(desk):
    desk.user('[model]\nref = "openai_chat/m"\nbase_url = "http://127.0.0.1:1/v1"\n')
    resolved = desk.text('[model]\nref = "groq/m"\ntop_k = 3\nstream = false\n')
    changed = _change(desk, resolved, model="openai_chat/m")

    model = changed.manifest.model
    assert (model.base_url, model.top_k, model.stream) == (
        "http://127.0.0.1:1/v1",
        3,
        False,
    )
    assert changed.other_models["groq"] == resolved.manifest.model
