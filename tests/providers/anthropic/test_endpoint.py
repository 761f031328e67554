"""A base URL means what it means to the vendor's client."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from podd.providers.anthropic.endpoint import VENDOR, url_of
from podd.providers.keys import address_of, find_key
from podd.providers.settings import KeyFromEnvironment, ModelSettings

ENVIRONMENT = {"ANTHROPIC_API_KEY": "sk-ant-1", "MY_KEY": "mine"}


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/", "https://api.anthropic.com/v1/messages"),
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1/messages"),
        ("https://h/anthropic", "https://h/anthropic/v1/messages"),
        # The vendor's client would double these.
        ("https://h/v1", "https://h/v1/messages"),
        ("https://h/v1/", "https://h/v1/messages"),
        ("https://h/v1/messages", "https://h/v1/messages"),
        ("https://h/v1/messages/", "https://h/v1/messages"),
        ("https://h/v1?a=b#c", "https://h/v1/messages?a=b"),
        ("https://h/v11", "https://h/v11/v1/messages"),
    ],
)
def test_the_path_is_completed_once(base, url):
    assert url_of(urlsplit(base)) == url


def test_without_a_base_the_vendor_is_asked():
    settings = ModelSettings(provider="anthropic", name="m")

    assert url_of(address_of(settings, VENDOR)) == (
        "https://api.anthropic.com/v1/messages"
    )


def test_the_vendors_key_goes_to_the_vendor_and_another_where_it_is_sent():
    own = ModelSettings(provider="anthropic", name="m")
    local = ModelSettings(provider="anthropic", name="m", base_url="http://127.0.0.1:9")
    sent = ModelSettings(
        provider="anthropic",
        name="m",
        base_url="https://gateway.example",
        auth=KeyFromEnvironment("MY_KEY"),
    )

    assert find_key(own, VENDOR, ENVIRONMENT).reveal() == "sk-ant-1"
    assert find_key(local, VENDOR, ENVIRONMENT) is None
    assert find_key(sent, VENDOR, ENVIRONMENT).reveal() == "mine"
