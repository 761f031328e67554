"""Which key goes where: the table of promise 12 for this room."""

from __future__ import annotations

import pytest

from podd.errors import ManifestError, MissingKeyError
from podd.providers.keys import Key, find_key, is_loopback
from podd.providers.openai_chat.endpoint import VENDOR
from podd.providers.registry import missing_key
from podd.providers.settings import (
    KeyFromEnvironment,
    KeyFromFile,
    ModelSettings,
    NoKey,
    VendorKey,
)

ENVIRONMENT = {"OPENAI_API_KEY": "vendor-key", "MY_KEY": "my-key"}


def _settings(base_url=None, auth=None):
    return ModelSettings(
        provider="openai_chat", name="m", base_url=base_url, auth=auth or VendorKey()
    )


def _key(base_url=None, auth=None, environment=ENVIRONMENT):
    key = find_key(_settings(base_url, auth), VENDOR, environment)
    return key and key.reveal()


@pytest.mark.parametrize(
    "url", [None, "https://api.openai.com/v1", "https://eu.api.openai.com/v1"]
)
def test_the_vendors_key_goes_to_the_vendor(url):
    assert _key(url) == "vendor-key"


@pytest.mark.parametrize(
    "url",
    [
        "http://api.openai.com/v1",
        "https://openrouter.ai/api/v1",
        "https://api.openai.com.evil.example/v1",
        "https://evilapi.openai.com.example/v1",
        "https://xapi.openai.com/v1",
        "https://api.openai.com@evil.example/v1",
        "http://192.168.0.2:8000/v1",
    ],
)
def test_the_vendors_key_goes_nowhere_else(url):
    with pytest.raises(MissingKeyError) as caught:
        _key(url)

    assert caught.value.variables == ()
    assert caught.value.host
    assert caught.value.remedy


@pytest.mark.parametrize(
    "url",
    ["http://localhost:11434/v1", "http://127.0.0.1:8080", "http://[::1]:8000/v1"],
)
def test_loopback_needs_no_key_and_gets_none(url):
    assert _key(url) is None


def test_auth_may_name_a_variable_for_any_host():
    auth = KeyFromEnvironment("MY_KEY")

    assert _key("https://openrouter.ai/api/v1", auth) == "my-key"
    assert _key("http://127.0.0.1:8080", auth) == "my-key"


def test_auth_may_name_a_file(tmp_path):
    file = tmp_path / "key"
    file.write_text("file-key\n", encoding="utf-8")

    assert _key("https://x.example", KeyFromFile(str(file))) == "file-key"


def test_auth_may_want_no_key():
    assert _key(auth=NoKey()) is None


@pytest.mark.parametrize("value", ["", "  ", None])
def test_a_variable_that_is_not_set_is_named(value):
    environment = {} if value is None else {"OPENAI_API_KEY": value}
    error = missing_key(_settings(), environment)

    assert error is not None
    assert (error.variables, error.problem) == (("OPENAI_API_KEY",), "absent")
    assert (error.code, error.exit_code) == ("missing_key", 2)
    assert "OPENAI_API_KEY" in error.remedy


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "absent"), (b"a b", "unsendable"), (b"\xff\xfe", "unreadable")],
)
def test_a_file_without_a_key_is_named(tmp_path, content, problem):
    file = tmp_path / "key"
    file.write_bytes(content)
    error = missing_key(_settings(auth=KeyFromFile(str(file))), {})

    assert error is not None
    assert (error.file, error.problem) == (str(file), problem)


def test_a_file_that_is_not_there_is_named(tmp_path):
    error = missing_key(_settings(auth=KeyFromFile(str(tmp_path / "no"))), {})

    assert error is not None
    assert error.problem == "unreadable"


@pytest.mark.parametrize("value", ["two\nlines", "schlüssel", "a b"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(value):
    with pytest.raises(MissingKeyError) as caught:
        _key(environment={"OPENAI_API_KEY": value})

    assert caught.value.problem == "unsendable"
    assert value not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    "url",
    ["ftp://x/v1", "api.openai.com/v1", "https://", "http://x:port/", "http://[::1"],
)
def test_a_base_url_that_is_none_is_an_error_of_the_manifest(url):
    with pytest.raises(ManifestError) as caught:
        _key(url)

    assert caught.value.key == "model.base_url"


def test_nothing_is_missing_where_a_key_is_there_or_none_is_needed():
    assert missing_key(_settings(), ENVIRONMENT) is None
    assert missing_key(_settings("http://localhost:1/v1"), {}) is None
    scripted = ModelSettings(provider="scripted", name="demo", script="/x")
    assert missing_key(scripted, {}) is None


def test_a_key_does_not_show_itself():
    assert "secret" not in f"{Key('secret')!r} {Key('secret')}"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("pods.localhost", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104  # data; nothing listens
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_is_known_without_a_resolver(host, expected):
    assert is_loopback(host) is expected
