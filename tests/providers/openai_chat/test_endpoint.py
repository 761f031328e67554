from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from podd.providers.openai_chat.endpoint import VENDOR, endpoint_of


@pytest.mark.parametrize(
    ("base", "url"),
    [
        (VENDOR.base_url, "https://api.openai.com/v1/chat/completions"),
        ("http://localhost:11434/v1/", "http://localhost:11434/v1/chat/completions"),
        (
            "https://openrouter.ai/api/v1",
            "https://openrouter.ai/api/v1/chat/completions",
        ),
        ("http://[::1]:8080", "http://[::1]:8080/chat/completions"),
        ("http://x/v1/chat/completions", "http://x/v1/chat/completions"),
        ("http://x/v1/chat/completions/", "http://x/v1/chat/completions"),
        ("http://x/v1?a=b#c", "http://x/v1/chat/completions?a=b"),
    ],
)
def test_a_base_url_is_completed(base, url):
    assert endpoint_of(urlsplit(base)).url == url


@pytest.mark.parametrize(
    ("base", "field"),
    [
        (VENDOR.base_url, "max_completion_tokens"),
        ("https://eu.api.openai.com/v1", "max_completion_tokens"),
        ("http://localhost:11434/v1", "max_tokens"),
        ("https://openrouter.ai/api/v1", "max_tokens"),
    ],
)
def test_the_output_limit_has_the_name_that_the_host_knows(base, field):
    assert endpoint_of(urlsplit(base)).token_field == field
