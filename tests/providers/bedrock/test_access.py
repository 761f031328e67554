"""What lets requests in, and which host gets it."""

from __future__ import annotations

import importlib.util

import pytest

from podd.errors import ManifestError, MissingKeyError
from podd.providers.bedrock.access import find_access
from podd.providers.bedrock.profile import Profile
from podd.providers.bedrock.signing import SigningKey
from podd.providers.keys import Key
from podd.providers.registry import missing_key, secrets
from podd.providers.settings import (
    KeyFromEnvironment,
    KeyFromFile,
    ModelSettings,
    NoKey,
)

#: botocore reads the files of its users as their locale says.
pytestmark = pytest.mark.filterwarnings("ignore::EncodingWarning")

STATIC = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s3cret/+="}
SESSION = {**STATIC, "AWS_SESSION_TOKEN": "t0ken//=="}
BEARER = {"AWS_BEARER_TOKEN_BEDROCK": "bedrock-api-key-1"}
EAST = {"AWS_REGION": "us-east-1"}


@pytest.fixture
def files(tmp_path, monkeypatch):
    """No configuration of this machine's counts, but for what a test writes."""
    # botocore would ask the process' environment by itself.
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, f"strange-{name}")

    def write(config: str = "", credentials: str = "") -> dict[str, str]:
        (tmp_path / "config").write_text(config)
        (tmp_path / "credentials").write_text(credentials)
        return {
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        }

    return write


def _settings(**more) -> ModelSettings:
    return ModelSettings(provider="bedrock", name="m", **more)


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "bedrock-runtime.eu-central-1.amazonaws.com"),
        ("us-gov-west-1", "bedrock-runtime.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "bedrock-runtime.cn-north-1.amazonaws.com.cn"),
        ("eusc-de-east-1", "bedrock-runtime.eusc-de-east-1.amazonaws.eu"),
    ],
)
def test_the_region_makes_the_host(region, host):
    access = find_access(_settings(region=region), {**STATIC, **EAST})

    assert access.address.geturl() == f"https://{host}"
    assert access.region == region


def test_the_region_comes_from_where_it_is_said_first(files):
    environment = files(config="[default]\nregion = eu-west-3\n") | STATIC

    def region(**more: str) -> str:
        return find_access(_settings(), environment | more).region

    assert region() == "eu-west-3"
    assert region(AWS_DEFAULT_REGION="eu-west-2") == "eu-west-2"
    assert region(AWS_DEFAULT_REGION="eu-west-2", AWS_REGION="eu-west-1") == "eu-west-1"


def test_without_a_region_there_is_no_host(files):
    with pytest.raises(ManifestError) as caught:
        find_access(_settings(), files() | STATIC)

    assert caught.value.key == "model.region"
    assert "AWS_REGION" in caught.value.remedy


@pytest.mark.parametrize(
    "region", ["", "us-east-1.evil.com", "us-east-1/", "US-EAST-1", "x@y", "a" * 99]
)
def test_a_region_is_nothing_but_a_region(region):
    with pytest.raises(ManifestError) as caught:
        find_access(_settings(region=region), STATIC)

    assert caught.value.key == "model.region"


def test_an_api_key_comes_before_keys_that_sign_and_those_before_a_profile(files):
    environment = files(credentials="[default]\naws_access_key_id = A\n") | EAST

    def means(**more: str):
        return find_access(_settings(), environment | more).means

    assert isinstance(means(), Profile)
    assert means(**SESSION) == SigningKey("AKID", "s3cret/+=", "t0ken//==")
    assert means(**STATIC) == SigningKey("AKID", "s3cret/+=", None)
    found = means(**SESSION, **BEARER)
    assert isinstance(found, Key)
    assert found.reveal() == "bedrock-api-key-1"


async def test_a_profile_gives_its_keys_and_nothing_of_the_process_environment(files):
    environment = files(
        config="[profile work]\nregion = eu-west-3\n",
        credentials="[work]\naws_access_key_id = AK\naws_secret_access_key = SK\n"
        "aws_session_token = ST\n",
    ) | {"AWS_PROFILE": "work"}
    access = find_access(_settings(), environment)

    assert access.region == "eu-west-3"
    assert isinstance(access.means, Profile)
    assert await access.means.key() == SigningKey("AK", "SK", "ST")
    assert secrets(_settings(), environment) == ("SK", "ST")


async def test_a_profile_may_name_a_program(files, tmp_path):
    program = tmp_path / "keys"
    program.write_text(
        '#!/bin/sh\necho \'{"Version": 1, "AccessKeyId": "AK", '
        '"SecretAccessKey": "SK"}\'\n'
    )
    program.chmod(0o755)
    environment = files(config=f"[default]\ncredential_process = {program}\n")
    access = find_access(_settings(), environment | EAST)

    assert isinstance(access.means, Profile)
    assert await access.means.key() == SigningKey("AK", "SK", None)


async def test_a_profile_that_gives_nothing_says_so(files):
    from podd.errors import ProviderError

    environment = files(config="[default]\ncredential_process = /bin/false\n") | EAST
    access = find_access(_settings(), environment)
    assert isinstance(access.means, Profile)

    with pytest.raises(ProviderError) as caught:
        await access.means.key()

    assert caught.value.fault == "auth"
    assert "profile" in caught.value.message


def test_an_unknown_profile_is_named(files):
    environment = files() | EAST | {"AWS_PROFILE": "home"}

    with pytest.raises(ManifestError, match="no profile 'home'"):
        find_access(_settings(), environment)


def test_a_broken_configuration_is_named(files):
    with pytest.raises(ManifestError, match="AWS_CONFIG_FILE"):
        find_access(_settings(), files(config="no section\n") | EAST)


def test_with_nothing_at_all_the_variables_are_named(files):
    lacking = missing_key(_settings(), files() | EAST)

    assert isinstance(lacking, MissingKeyError)
    assert lacking.provider == "bedrock"
    assert set(lacking.variables) >= {"AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID"}
    assert secrets(_settings(), files() | EAST) == ()


def test_the_metadata_service_is_asked_only_where_that_was_said(files):
    wanted = {"AWS_EC2_METADATA_DISABLED": "false"}

    access = find_access(_settings(), files() | EAST | wanted)
    assert isinstance(access.means, Profile)
    names = [p.METHOD for p in access.means._resolver().providers]
    assert ("iam-role" in names, "env" in names) == (True, False)
    silent = Profile(files())
    assert "iam-role" not in [p.METHOD for p in silent._resolver().providers]


def test_half_a_key_names_the_other_half():
    lacking = missing_key(_settings(), {**EAST, "AWS_ACCESS_KEY_ID": "AKID"})

    assert lacking is not None
    assert lacking.variables == ("AWS_SECRET_ACCESS_KEY",)


@pytest.mark.parametrize("name", [*SESSION, *BEARER])
def test_a_key_that_no_header_can_carry_is_named(name):
    broken = {**SESSION, **(BEARER if name in BEARER else {}), name: "a\nb"}

    lacking = missing_key(_settings(), {**EAST, **broken})

    assert lacking is not None
    assert (lacking.variables, lacking.problem) == ((name,), "unsendable")


@pytest.mark.parametrize(
    "base_url",
    [
        "https://bedrock-runtime.us-west-2.amazonaws.com",
        "https://bedrock-runtime-fips.us-west-2.amazonaws.com",
        "https://vpce-1a2b.bedrock-runtime.us-west-2.vpce.amazonaws.com",
        "https://bedrock-runtime.us-west-2.api.aws",
    ],
)
def test_hosts_of_the_service_get_what_belongs_to_it(base_url, files):
    access = find_access(_settings(base_url=base_url), files() | BEARER)

    assert isinstance(access.means, Key)
    assert access.region == "us-west-2"


@pytest.mark.parametrize(
    "base_url",
    [
        "https://example.com",
        "http://bedrock-runtime.us-west-2.amazonaws.com",
        "https://bedrock-runtime.us-west-2.amazonaws.com.example.com",
        "https://bedrock-runtime.us-west-2.elb.amazonaws.com",
        "https://bedrock-runtime.s3.amazonaws.com",
        "https://mine.execute-api.us-west-2.amazonaws.com",
        "https://xbedrock-runtime.us-west-2.amazonaws.com",
    ],
)
@pytest.mark.parametrize("environment", [BEARER, SESSION], ids=["api key", "keys"])
def test_other_hosts_get_nothing_that_was_not_named_for_them(base_url, environment):
    settings = _settings(base_url=base_url)
    with pytest.raises(MissingKeyError) as caught:
        find_access(settings, {**EAST, **environment})
    assert caught.value.host in base_url

    named = _settings(base_url=base_url, auth=KeyFromEnvironment("MY_KEY"))
    found = find_access(named, {**EAST, **environment, "MY_KEY": "k"}).means
    assert isinstance(found, Key)
    assert found.reveal() == "k"


def test_a_server_on_this_machine_gets_a_signature_and_no_api_key(files):
    settings = _settings(base_url="http://127.0.0.1:8080")

    assert find_access(settings, files() | BEARER).means is None
    access = find_access(settings, files() | BEARER | STATIC)
    assert access.means == SigningKey("AKID", "s3cret/+=", None)
    assert access.region


def test_a_key_may_be_named_or_waived(tmp_path):
    (tmp_path / "key").write_text("from-file\n")
    by_file = _settings(region="us-east-1", auth=KeyFromFile(str(tmp_path / "key")))
    found = find_access(by_file, STATIC).means

    assert isinstance(found, Key)
    assert found.reveal() == "from-file"
    waived = _settings(region="us-east-1", auth=NoKey())
    assert find_access(waived, STATIC).means is None


def test_without_botocore_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(ManifestError) as caught:
        find_access(_settings(), {**EAST, **STATIC})

    assert caught.value.key == "model.provider"
    assert "podd[bedrock]" in caught.value.remedy
