from __future__ import annotations

import subprocess
import sys
from typing import get_args, get_type_hints

import pytest

from podd.errors import ManifestError, MissingKeyError
from podd.manifest.schema import ProviderName
from podd.providers.registry import build, vendor_of
from podd.providers.settings import ModelSettings


def test_the_providers_are_those_that_a_manifest_may_name():
    hints = get_type_hints(ModelSettings)
    known = get_args(hints["provider"])
    services = get_args(get_args(hints["service"])[0])

    assert {*known, *services} == set(get_args(ProviderName))


def test_a_missing_key_is_told_when_the_provider_is_made(world):
    settings = ModelSettings(provider="openai_chat", name="m")

    with pytest.raises(MissingKeyError):
        build(settings, environment={}, ports=world.ports())


def test_scripted_needs_a_script(world):
    settings = ModelSettings(provider="scripted", name="m")

    with pytest.raises(ManifestError) as caught:
        build(settings, environment={}, ports=world.ports())

    assert caught.value.key == "model.script"


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        (
            "import podd.providers.registry, podd.providers.settings",
            ["httpx", "asyncio", "ssl", "podd.providers.transport", "tomllib"],
        ),
        (
            "import podd.providers.openai_chat.provider",
            ["httpx", "podd.providers.scripted", "tomllib"],
        ),
        (
            "import podd.providers.anthropic.provider",
            ["httpx", "podd.providers.openai_chat", "podd.providers.scripted"],
        ),
        (
            "import podd.providers.bedrock.provider",
            ["httpx", "botocore", "podd.providers.scripted", "tomllib"],
        ),
        (
            "import podd.providers.openai_responses.provider",
            ["httpx", "podd.providers.scripted", "tomllib"],
        ),
        (
            "import podd.providers.cohere.provider",
            ["httpx", "podd.providers.scripted", "tomllib"],
        ),
        (
            "import podd.providers.azure_openai.provider",
            ["httpx", "podd.providers.cohere", "tomllib"],
        ),
        (
            "from podd.providers.registry import vendor_of",
            ["podd.providers.keys", "podd.providers.openai_chat.endpoint"],
        ),
        (
            "import podd.providers.scripted.provider",
            ["httpx", "podd.providers.transport"],
        ),
    ],
)
def test_nothing_is_imported_before_it_is_used(code, absent):
    check = f"{code}\nimport sys\nprint([m for m in {absent!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", check],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", get_args(get_type_hints(ModelSettings)["provider"]))
def test_every_provider_that_sends_a_key_has_a_vendor(name):
    vendor = vendor_of(ModelSettings(provider=name, name="m"))

    assert (vendor is None) == (name in {"scripted", "bedrock"})


async def test_https_gets_a_context_that_verifies_and_http_one_that_trusts_nobody():
    import ssl

    from podd.providers.transport import _no_tls, _tls

    assert _tls() is _tls()
    assert _tls().verify_mode == ssl.CERT_REQUIRED
    assert _no_tls().verify_mode == ssl.CERT_REQUIRED
    assert _no_tls().get_ca_certs() == []
