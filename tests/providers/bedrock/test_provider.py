from __future__ import annotations

import datetime as dt
import os

import botocore.auth
import pytest

from podd.core.context.conversation import TextPart, UserItem
from podd.core.context.request import ModelRequest, Surface
from podd.providers.bedrock.access import Access
from podd.providers.bedrock.profile import Profile
from podd.providers.bedrock.signing import SigningKey, sign
from podd.providers.registry import build
from podd.providers.settings import KeyFromEnvironment, ModelSettings, Timeouts
from podd.testing.provider_server import document
from tests.providers.conformance.bedrock import BedrockDialect
from tests.providers.conformance.dialect import Said

#: botocore reads the files of its users as their locale says.
pytestmark = pytest.mark.filterwarnings("ignore::EncodingWarning")

DIALECT = BedrockDialect()
KEYS = {**DIALECT.environment(), "AWS_SESSION_TOKEN": "t0ken-t0ken"}
MODEL = "arn:aws:bedrock:us-east-1:1:application-inference-profile/a:1 b"
FINE = Said((TextPart("fine"),))


@pytest.fixture
async def connect(server, world):
    built = []

    def connecting(environment, *, name=MODEL, **more):
        settings = ModelSettings(
            provider="bedrock", name=name, base_url=server.url, **more
        )
        built.append(build(settings, environment=environment, ports=world.ports()))
        return built[-1]

    yield connecting
    for provider in built:
        await provider.aclose()


def _ask(model: str = MODEL) -> ModelRequest:
    return ModelRequest(Surface(model, "Be brief.", ()), (UserItem("hello"),))


@pytest.mark.parametrize(("stream", "action"), [(True, "-stream"), (False, "")])
async def test_a_request_is_signed_and_its_path_not_touched(
    server, connect, hear, stream, action
):
    server.play(DIALECT.reply(FINE, stream=stream))
    heard = await hear(connect(KEYS, stream=stream), _ask())
    (request,) = server.requests

    assert heard.text == "fine"
    arn = "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2F"
    assert request.path == f"/v1/model/{arn}a%3A1%20b/converse{action}"
    assert request.method == "POST"
    assert request.headers["authorization"].startswith(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"
    )
    assert "/us-east-1/bedrock/aws4_request" in request.headers["authorization"]
    assert (
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,"
        in request.headers["authorization"]
    )
    assert request.headers["x-amz-security-token"] == "t0ken-t0ken"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"
    assert "wJalrXUtnFEMI" not in str(request.headers)


async def test_the_signature_fits_what_arrived(server, connect, hear, monkeypatch):
    server.play(DIALECT.reply(FINE))
    await hear(connect(KEYS), _ask())
    (request,) = server.requests

    # As the service does: the same again, from what came over the wire.
    at = dt.datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%S%z")
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: at)
    key = SigningKey("AKIDEXAMPLE", "wJalrXUtnFEMI", "t0ken-t0ken")
    url = f"http://{request.headers['host']}{request.path}"
    before = {"content-type": request.headers["content-type"]}
    again = sign(url, before, request.body, key=key, region="us-east-1")
    assert again["Authorization"] == request.headers["authorization"]


async def test_an_api_key_is_sent_as_it_is(server, connect, hear):
    server.play(DIALECT.reply(FINE))
    provider = connect({"MY_KEY": "k-1"}, auth=KeyFromEnvironment("MY_KEY"))
    await hear(provider, _ask())

    assert server.requests[0].headers["authorization"] == "Bearer k-1"
    assert "x-amz-date" not in server.requests[0].headers


async def test_each_try_is_signed(server, connect, hear):
    busy = document(503, {"message": "busy", "__type": "ServiceUnavailableException"})
    server.play(busy, DIALECT.reply(FINE))

    heard = await hear(connect(KEYS), _ask())

    assert heard.text == "fine"
    assert [retry.reason for retry in heard.retries] == ["overloaded"]
    assert all("authorization" in request.headers for request in server.requests)


async def test_a_server_that_echoes_what_it_was_sent_gives_nothing_away(
    server, connect, hear
):
    message = "wrong: t0ken-t0ken, and never wJalrXUtnFEMI"
    server.always = document(
        403, {"message": message, "__type": "InvalidSignatureException"}
    )

    heard = await hear(connect(KEYS), _ask())

    assert heard.fault == "auth"
    assert "t0ken" not in heard.error.message
    assert "wJalr" not in heard.error.message


@pytest.mark.parametrize("model", ["", ".", ".."])
async def test_an_id_that_would_change_the_path_is_refused(
    server, connect, hear, model
):
    heard = await hear(connect(KEYS), _ask(model))

    assert heard.fault == "not_found"
    assert server.requests == []


async def test_keys_of_a_profile_are_asked_for_and_hidden(
    server, connect, hear, tmp_path
):
    files = tmp_path / "credentials"
    files.write_text("[default]\naws_access_key_id=AK\naws_secret_access_key=SK-SK\n")
    profile = Profile(
        {
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": str(files),
        }
    )
    provider = connect({})
    access = provider._access
    provider._access = Access(access.address, "us-east-1", profile)
    refused = {"message": "not SK-SK", "__type": "InvalidSignatureException"}
    server.play(document(403, refused), DIALECT.reply(FINE))

    heard = await hear(provider, _ask())
    again = await hear(provider, _ask())

    assert "Credential=AK/" in server.requests[0].headers["authorization"]
    assert "SK-SK" not in heard.error.message
    assert again.text == "fine"


async def test_credentials_that_do_not_come_are_a_time_out(
    server, connect, hear, tmp_path
):
    program = tmp_path / "keys"
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    program.write_text(f"#!/bin/sh\ncat {fifo}\n")
    program.chmod(0o755)
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = {program}\n")
    profile = Profile(
        {
            "AWS_CONFIG_FILE": str(config),
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }
    )
    provider = connect({}, timeouts=Timeouts(total_seconds=0.2))
    provider._access = Access(provider._access.address, "us-east-1", profile)

    heard = await hear(provider, _ask())
    # Let the program go, so that its thread ends.
    fifo.write_text("{}")

    assert heard.fault == "timed_out"
    assert "total_seconds" in heard.error.message
