"""The manifest's `[model]` as the providers room takes it."""

from __future__ import annotations

from typing import get_args

import pytest

from podd.launch.model import model_settings
from podd.manifest.schema import (
    AuthSection,
    ModelSection,
    RetriesSection,
    TimeoutsSection,
)
from podd.manifest.vocabulary import ServiceName
from podd.providers.settings import (
    KeyFromEnvironment,
    KeyFromFile,
    ModelSettings,
    NoKey,
    RetryLimits,
    Timeouts,
    VendorKey,
)

TIMES = {
    "connect_seconds": 1,
    "first_byte_seconds": 2,
    "between_bytes_seconds": 3,
    "total_seconds": 4,
}


def _section(**more) -> ModelSection:
    return ModelSection(ref="openai_chat/m", provider="openai_chat", name="m", **more)


def test_what_the_manifest_leaves_open_is_what_the_providers_have_reasons_for():
    assert model_settings(_section()) == ModelSettings(provider="openai_chat", name="m")


def test_where_and_how_it_is_spoken_to_is_passed_on():
    section = _section(region="eu-central-1", api_version="2024-10-21", stream=False)

    settings = model_settings(section)

    assert (settings.region, settings.api_version) == ("eu-central-1", "2024-10-21")
    assert settings.stream is False


@pytest.mark.parametrize("name", get_args(ServiceName))
def test_a_service_is_a_server_of_chat_completions(name):
    section = ModelSection(ref=f"{name}/m", provider=name, name="m")

    settings = model_settings(section)

    assert (settings.provider, settings.service) == ("openai_chat", name)
    assert settings.called == name
    assert settings.base_url is None


def test_every_limit_of_a_request_has_a_key_of_its_own():
    section = _section(
        timeouts=TimeoutsSection(
            connect_seconds=1,
            first_byte_seconds=2,
            between_bytes_seconds=3,
            total_seconds=4,
        ),
        retries=RetriesSection(attempts=5, wait_seconds=6, broken_streams=7),
    )

    settings = model_settings(section)

    assert settings.timeouts == Timeouts(
        connect_seconds=1,
        first_byte_seconds=2,
        between_bytes_seconds=3,
        total_seconds=4,
    )
    assert settings.retries == RetryLimits(attempts=5, wait_seconds=6)


def test_each_form_of_auth_is_its_own_kind_of_key():
    auth = [
        AuthSection(env="MY_KEY"),
        AuthSection(file="/key"),
        AuthSection(none=True),
        None,
    ]

    assert [model_settings(_section(auth=one)).auth for one in auth] == [
        KeyFromEnvironment("MY_KEY"),
        KeyFromFile("/key"),
        NoKey(),
        VendorKey(),
    ]
