from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from podd.providers.openai_responses.endpoint import VENDOR, endpoint_of


@pytest.mark.parametrize(
    ("base", "url"),
    [
        (VENDOR.base_url, "https://api.openai.com/v1/responses"),
        ("http://localhost:1234/v1/", "http://localhost:1234/v1/responses"),
        ("http://[::1]:8080", "http://[::1]:8080/responses"),
        ("http://x/v1/responses", "http://x/v1/responses"),
        ("http://x/v1/responses/", "http://x/v1/responses"),
        ("http://x/v1?a=b#c", "http://x/v1/responses?a=b"),
    ],
)
def test_a_base_url_is_completed(base, url):
    assert endpoint_of(urlsplit(base)).url == url


@pytest.mark.parametrize(
    ("base", "takes"),
    [
        (VENDOR.base_url, True),
        ("https://eu.api.openai.com/v1", True),
        ("https://notapi.openai.com.example/v1", False),
        ("http://localhost:1234/v1", False),
    ],
)
def test_only_the_vendor_is_told_where_its_cache_is(base, takes):
    assert endpoint_of(urlsplit(base)).takes_cache_key is takes
