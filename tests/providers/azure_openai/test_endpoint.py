from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from podd.errors import ManifestError, MissingKeyError
from podd.providers.azure_openai.endpoint import VENDOR, endpoint_of
from podd.providers.keys import address_of, find_key
from podd.providers.registry import missing_key, secrets
from podd.providers.settings import ModelSettings

HOST = "https://r.openai.azure.com"
CLASSIC = f"{HOST}/openai/deployments/gpt/chat/completions?api-version="


@pytest.mark.parametrize(
    ("base", "version", "url"),
    [
        (HOST, None, f"{CLASSIC}2024-10-21"),
        (f"{HOST}/", "2025-04-01-preview", f"{CLASSIC}2025-04-01-preview"),
        # As the vendor's own client means its `base_url`.
        (f"{HOST}/openai", None, f"{CLASSIC}2024-10-21"),
        # The address that Azure's pages show.
        (f"{CLASSIC}2024-06-01", None, f"{CLASSIC}2024-06-01"),
        (
            f"{HOST}/openai/deployments/own",
            None,
            f"{HOST}/openai/deployments/own/chat/completions?api-version=2024-10-21",
        ),
        (
            "https://h/az?t=a#x",
            None,
            "https://h/az/openai/deployments/gpt/chat/completions?t=a&api-version=2024-10-21",
        ),
        (f"{HOST}/openai/v1", None, f"{HOST}/openai/v1/chat/completions"),
        (f"{HOST}/openai/v1/", None, f"{HOST}/openai/v1/chat/completions"),
        (
            f"{HOST}/openai/v1/chat/completions",
            "preview",
            f"{HOST}/openai/v1/chat/completions?api-version=preview",
        ),
    ],
)
def test_a_base_url_is_completed(base, version, url):
    assert endpoint_of(urlsplit(base), "gpt", version).url == url


def test_a_deployments_name_is_quoted_as_the_vendors_client_does():
    url = endpoint_of(urlsplit(HOST), "my dep/1?", None).url

    assert "/deployments/my%20dep%2F1%3F/chat/" in url


@pytest.mark.parametrize(
    ("base", "version", "field"),
    [
        (HOST, None, "max_completion_tokens"),
        (HOST, "2024-09-01-preview", "max_completion_tokens"),
        (HOST, "2024-08-01-preview", "max_tokens"),
        (HOST, "2024-06-01", "max_tokens"),
        (f"{HOST}/openai/v1", None, "max_completion_tokens"),
        (f"{HOST}/openai/v1", "preview", "max_completion_tokens"),
    ],
)
def test_the_output_limit_has_the_name_that_the_version_knows(base, version, field):
    assert endpoint_of(urlsplit(base), "gpt", version).token_field == field


def _settings(base_url=None):
    return ModelSettings(provider="azure_openai", name="gpt", base_url=base_url)


@pytest.mark.parametrize(
    "host",
    [
        "r.openai.azure.com",
        "r.services.ai.azure.com",
        "eastus.api.cognitiveservices.azure.com",
    ],
)
def test_the_key_goes_to_azures_hosts(host):
    environment = {"AZURE_OPENAI_API_KEY": "k", "OPENAI_API_KEY": "another's"}

    assert secrets(_settings(f"https://{host}"), environment) == ("k",)


@pytest.mark.parametrize(
    "url",
    [
        "http://r.openai.azure.com",
        "https://r.openai.azure.com.evil.example",
        "https://evil.azure.com",
        "https://xopenai.azure.com",
        "https://api.openai.com/v1",
    ],
)
def test_the_key_goes_nowhere_else(url):
    with pytest.raises(MissingKeyError):
        find_key(_settings(url), VENDOR, {"AZURE_OPENAI_API_KEY": "k"})


def test_a_missing_key_is_named():
    error = missing_key(_settings(HOST), {})

    assert error is not None
    assert error.variables == ("AZURE_OPENAI_API_KEY",)


def test_without_an_address_it_is_said_what_to_set():
    # The vendor's own client would read this one; a manifest says where it goes.
    environment = {"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_ENDPOINT": HOST}
    with pytest.raises(ManifestError) as caught:
        missing_key(_settings(), environment)

    assert caught.value.key == "model.base_url"
    assert "azure_openai has no address for all" in caught.value.reason
    assert "https://RESOURCE.openai.azure.com" in str(caught.value.hint)


def test_what_is_no_address_is_answered_with_what_is_one():
    with pytest.raises(ManifestError) as caught:
        address_of(_settings("r.openai.azure.com"), VENDOR)

    assert "https://RESOURCE.openai.azure.com" in str(caught.value.hint)
