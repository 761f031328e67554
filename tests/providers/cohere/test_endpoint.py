from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from podd.errors import MissingKeyError
from podd.providers.cohere.endpoint import VENDOR, url_of
from podd.providers.keys import find_key
from podd.providers.registry import missing_key, secrets
from podd.providers.settings import ModelSettings


@pytest.mark.parametrize(
    ("base", "url"),
    [
        (VENDOR.base_url, "https://api.cohere.com/v2/chat"),
        ("https://h/x/", "https://h/x/v2/chat"),
        # As the vendor's own client would: its base has no version in it.
        ("https://h/v2", "https://h/v2/v2/chat"),
        ("https://h/v2/chat/", "https://h/v2/chat"),
        ("https://h/?a=b#c", "https://h/v2/chat?a=b"),
    ],
)
def test_a_base_url_is_completed(base, url):
    assert url_of(urlsplit(base)) == url


def _settings(base_url=None):
    return ModelSettings(provider="cohere", name="m", base_url=base_url)


@pytest.mark.parametrize(
    ("environment", "key"),
    [
        ({"COHERE_API_KEY": "long", "CO_API_KEY": "short"}, "long"),
        ({"CO_API_KEY": "short"}, "short"),
        ({"COHERE_API_KEY": " ", "CO_API_KEY": "short"}, "short"),
    ],
)
def test_the_key_is_the_first_that_is_set(environment, key):
    assert secrets(_settings(), environment) == (key,)


def test_a_missing_key_is_named_with_both_variables():
    error = missing_key(_settings(), {"OPENAI_API_KEY": "another's"})

    assert error is not None
    assert error.variables == ("COHERE_API_KEY", "CO_API_KEY")


@pytest.mark.parametrize("host", ["api.cohere.com.evil.example", "cohere.com", "h"])
def test_the_key_goes_nowhere_else(host):
    with pytest.raises(MissingKeyError):
        find_key(_settings(f"https://{host}"), VENDOR, {"CO_API_KEY": "k"})
