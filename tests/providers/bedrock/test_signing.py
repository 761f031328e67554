"""The same call, made by botocore's own client and by us: URL and signature agree."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import botocore.auth
import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from podd.providers.bedrock.endpoint import url_of, vendor_of
from podd.providers.bedrock.signing import SigningKey, sign

REGION = "eu-central-1"
KEY = SigningKey("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
SESSION = SigningKey(KEY.access_key, KEY.secret_key, "IQoJb3JpZ2luX2VjE//+token==")
MODELS = [
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.amazon.nova-pro-v1:0",
    "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a1b2c3",
    "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-70b-instruct-v1:0",
    "arn:aws:sagemaker:us-east-1:123456789012:endpoint/my-endpoint",
    "odd id/with ~ signs + é % * ( ) ! and %3A",
]


@pytest.fixture(autouse=True)
def _fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    at = dt.datetime(2026, 11, 30, 8, 0, 0, tzinfo=dt.UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: at)


@cache
def _client(key: SigningKey, base_url: str | None) -> Any:
    session = botocore.session.Session()
    session.set_config_variable("config_file", "/dev/null")
    session.set_config_variable("credentials_file", "/dev/null")
    return session.create_client(
        "bedrock-runtime",
        region_name=REGION,
        endpoint_url=base_url,
        aws_access_key_id=key.access_key,
        aws_secret_access_key=key.secret_key,
        aws_session_token=key.token,
        config=Config(retries={"total_max_attempts": 1}),
    )


def _prepared(
    model: str, key: SigningKey, *, stream: bool, base_url: str | None = None
) -> AWSPreparedRequest:
    """Have botocore prepare a call, and catch it before it is sent."""
    client = _client(key, base_url)
    caught: list[AWSPreparedRequest] = []

    def catch(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        caught.append(request)
        # Any answer ends it; an empty 400 is the shortest.
        return AWSResponse(request.url, 400, {}, _Empty())

    event = "before-send.bedrock-runtime.*"
    client.meta.events.register(event, catch)
    call = client.converse_stream if stream else client.converse
    messages = [{"role": "user", "content": [{"text": "Grüße"}]}]
    with pytest.raises(client.exceptions.ClientError):
        call(modelId=model, messages=messages)
    client.meta.events.unregister(event, catch)
    return caught[0]


class _Empty:
    def stream(self, *_: object, **__: object):
        yield b""

    def read(self, *_: object) -> bytes:
        return b""


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("key", [KEY, SESSION], ids=["keys", "session"])
@pytest.mark.parametrize("stream", [True, False])
def test_url_and_signature_are_those_of_botocore(model, key, stream):
    prepared = _prepared(model, key, stream=stream)
    expected = {name.lower(): _text(v) for name, v in prepared.headers.items()}
    signed = expected["authorization"].split("SignedHeaders=")[1].split(",")[0]
    # What was there before it was signed.
    before = {
        name: expected[name]
        for name in signed.split(";")
        if name not in {"host", "x-amz-date", "x-amz-security-token"}
    }

    url = url_of(urlsplit(vendor_of(REGION).base_url), model, stream=stream)
    headers = sign(url, before, prepared.body, key=key, region=REGION)

    assert url == prepared.url
    found = {name.lower(): value for name, value in headers.items()}
    for name in ("authorization", "x-amz-date", "x-amz-security-token"):
        assert found.get(name) == expected.get(name), name
    assert ("x-amz-security-token" in found) == (key.token is not None)


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8080/v1/",
        "https://vpce-1a2b.bedrock-runtime.us-east-1.vpce.amazonaws.com",
    ],
)
def test_a_base_url_means_what_botocore_means_by_it(base_url):
    prepared = _prepared(MODELS[0], KEY, stream=True, base_url=base_url)

    assert url_of(urlsplit(base_url), MODELS[0], stream=True) == prepared.url


def test_another_id_time_or_token_is_another_signature():
    def signature(model: str, key: SigningKey) -> str:
        url = url_of(urlsplit(vendor_of(REGION).base_url), model, stream=True)
        return sign(url, {}, b"{}", key=key, region=REGION)["Authorization"]

    different = {signature(m, k) for m in MODELS for k in (KEY, SESSION)}

    assert len(different) == 2 * len(MODELS)


def test_a_key_does_not_show_itself():
    assert "token" not in repr(SESSION)
    assert SESSION.secrets == (SESSION.secret_key, SESSION.token)
