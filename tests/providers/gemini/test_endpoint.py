from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from podd.errors import ManifestError, MissingKeyError
from podd.providers.gemini.endpoint import VENDOR, endpoint_of
from podd.providers.keys import Key, find_key
from podd.providers.registry import missing_key, secrets
from podd.providers.settings import KeyFromEnvironment, ModelSettings

GOOGLE = "https://generativelanguage.googleapis.com"
VERTEX = "https://us-central1-aiplatform.googleapis.com"
PROJECT = "projects/p/locations/us-central1"


def _url(base, model="gemini-3-pro", *, version=None, stream=True):
    return endpoint_of(urlsplit(base), version).url(model, stream=stream)


@pytest.mark.parametrize(
    ("base", "version", "expected"),
    [
        (GOOGLE, None, f"{GOOGLE}/v1beta/models/"),
        (f"{GOOGLE}/", None, f"{GOOGLE}/v1beta/models/"),
        (GOOGLE, "v1", f"{GOOGLE}/v1/models/"),
        (f"{GOOGLE}/v1beta", None, f"{GOOGLE}/v1beta/models/"),
        (f"{GOOGLE}/v1beta", "v1beta", f"{GOOGLE}/v1beta/models/"),
        ("https://h/v1/a/google", None, "https://h/v1/a/google/v1beta/models/"),
        (
            f"{VERTEX}/v1/{PROJECT}",
            None,
            f"{VERTEX}/v1/{PROJECT}/publishers/google/models/",
        ),
        (
            f"{VERTEX}/v1/{PROJECT}/publishers/google",
            None,
            f"{VERTEX}/v1/{PROJECT}/publishers/google/models/",
        ),
        (
            f"{VERTEX}/{PROJECT}",
            None,
            f"{VERTEX}/v1beta1/{PROJECT}/publishers/google/models/",
        ),
        (
            f"{VERTEX}/{PROJECT}",
            "v1",
            f"{VERTEX}/v1/{PROJECT}/publishers/google/models/",
        ),
    ],
)
def test_a_base_url_is_completed(base, version, expected):
    streamed = _url(base, version=version)

    assert streamed == f"{expected}gemini-3-pro:streamGenerateContent?alt=sse"
    whole = _url(base, version=version, stream=False)
    assert whole == f"{expected}gemini-3-pro:generateContent"


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("models/gemini-3-pro", "/v1beta/models/gemini-3-pro"),
        ("tunedModels/mine", "/v1beta/tunedModels/mine"),
        ("a b?#", "/v1beta/models/a%20b%3F%23"),
    ],
)
def test_a_model_is_named_as_it_is_and_changes_no_other_part(model, path):
    url = _url(GOOGLE, model, stream=False)

    assert url == f"{GOOGLE}{path}:generateContent"


def test_other_publishers_and_tuned_models_have_their_own_places_on_vertex():
    base = f"{VERTEX}/v1/{PROJECT}"

    url = _url(base, "publishers/meta/models/llama", stream=False)
    assert url == f"{base}/publishers/meta/models/llama:generateContent"
    url = _url(base, "endpoints/123", stream=False)
    assert url == f"{base}/endpoints/123:generateContent"


def test_a_query_stays():
    assert _url("https://h/x?a=1") == (
        "https://h/x/v1beta/models/gemini-3-pro:streamGenerateContent?a=1&alt=sse"
    )


@pytest.mark.parametrize(
    ("base", "header"),
    [
        (GOOGLE, {"x-goog-api-key": "k"}),
        ("https://proxy.example/gemini", {"x-goog-api-key": "k"}),
        (f"{VERTEX}/v1/{PROJECT}", {"authorization": "Bearer k"}),
    ],
)
def test_a_key_is_shown_in_a_header_of_its_kind(base, header):
    endpoint = endpoint_of(urlsplit(base))

    assert endpoint.authorization(Key("k")) == header
    assert endpoint.authorization(None) == {}
    assert "k" not in urlsplit(endpoint.url("m", stream=True)).query


def _settings(**more):
    return ModelSettings(provider="gemini", name="m", **more)


def test_the_more_telling_variable_goes_before_the_other():
    both = {"GEMINI_API_KEY": "first", "GOOGLE_API_KEY": "second"}

    assert find_key(_settings(), VENDOR, both).reveal() == "first"
    only = {"GEMINI_API_KEY": "", "GOOGLE_API_KEY": "second"}
    assert find_key(_settings(), VENDOR, only).reveal() == "second"
    assert secrets(_settings(), both) == ("first",)


def test_a_missing_key_names_both_variables():
    error = missing_key(_settings(), {"OPENAI_API_KEY": "x"})

    assert error.variables == ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    assert missing_key(_settings(), {"GEMINI_API_KEY": "x"}) is None


def test_vertex_is_shown_no_key_that_was_not_meant_for_it():
    settings = _settings(base_url=f"{VERTEX}/v1/{PROJECT}")

    with pytest.raises(MissingKeyError) as caught:
        find_key(settings, VENDOR, {"GOOGLE_API_KEY": "k"})
    assert caught.value.host == "us-central1-aiplatform.googleapis.com"
    named = _settings(base_url=settings.base_url, auth=KeyFromEnvironment("TOKEN"))
    assert find_key(named, VENDOR, {"TOKEN": "t"}).reveal() == "t"


def test_what_is_no_base_url_is_told():
    with pytest.raises(ManifestError):
        missing_key(_settings(base_url="generativelanguage.googleapis.com"), {})
