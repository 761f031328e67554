"""Where requests go, and what they carry to be let in.

The rule of `keys` holds here too: what belongs to AWS goes to AWS' own hosts alone, and
over TLS. A signature is made from keys that are never sent, so a server on this machine
gets one where the environment holds keys; an API key it does not get. Another host gets
what `model.auth` names, as an API key.

Of several, in this order, as AWS' own clients do: an API key, keys in the environment,
the profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult

from podd.errors import ManifestError, MissingKeyError
from podd.providers.bedrock.endpoint import API_KEY, owned_region, vendor_of
from podd.providers.bedrock.profile import Profile
from podd.providers.bedrock.signing import SigningKey
from podd.providers.keys import Key, address_of, find_key, is_loopback
from podd.providers.settings import KeyFromEnvironment, ModelSettings, VendorKey

_ACCESS_KEY = "AWS_ACCESS_KEY_ID"
_SECRET_KEY = "AWS_SECRET_ACCESS_KEY"  # noqa: S105  # the name of a variable
_TOKENS = ("AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN")
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_PROFILE = "AWS_PROFILE"
#: What stands for the region where it decides nothing: only the vendor's own host does.
_ANY_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Access:
    """The way in."""

    address: SplitResult
    region: str
    """Empty where nothing is signed and the address does not tell."""
    means: Key | SigningKey | Profile | None
    """An API key, a key that signs, or where such a key comes from."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown, as far as it is known before the first request."""
        match self.means:
            case Key():
                return (self.means.reveal(),)
            case SigningKey() | Profile():
                return self.means.secrets
            case None:
                return ()


def find_access(settings: ModelSettings, environment: Mapping[str, str]) -> Access:
    """Find the way in. Reads files, asks nobody.

    Raises:
        MissingKeyError: there is none, or it cannot be sent.
        ManifestError: botocore, the region or the profile is missing, or the base URL
            is none.
    """
    _need_botocore()
    region = settings.region or _first(environment, _REGIONS)
    if region is None and (profile := Profile(environment)).region:
        region = profile.region
    if region is None and settings.base_url is None:
        raise ManifestError(
            path="manifest",
            key="model.region",
            reason="provider 'bedrock' needs a region",
            hint="export AWS_REGION=..., for example us-east-1, or set model.region",
        )
    vendor = vendor_of(region or _ANY_REGION)
    address = address_of(settings, vendor)
    region = region or owned_region(address) or ""
    if not isinstance(settings.auth, VendorKey):
        return Access(address, region, find_key(settings, vendor, environment))
    means = _means(settings, address, environment)
    if not region and isinstance(means, SigningKey | Profile):
        region = _ANY_REGION
    return Access(address, region, means)


def _means(
    settings: ModelSettings, address: SplitResult, environment: Mapping[str, str]
) -> Key | SigningKey | Profile | None:
    host = address.hostname or ""
    if owned_region(address) is None:
        if not is_loopback(host):
            raise MissingKeyError(provider=settings.provider, variables=(), host=host)
        return _signing_key(settings, environment)
    if environment.get(API_KEY, "").strip():
        return _variable(settings, API_KEY, environment)
    if (key := _signing_key(settings, environment)) is not None:
        return key
    if (profile := Profile(environment)).has_source:
        return profile
    variables = (API_KEY, _ACCESS_KEY, _PROFILE)
    raise MissingKeyError(provider=settings.provider, variables=variables)


def _signing_key(
    settings: ModelSettings, environment: Mapping[str, str]
) -> SigningKey | None:
    if not environment.get(_ACCESS_KEY, "").strip():
        return None
    access, secret = (
        _variable(settings, name, environment) for name in (_ACCESS_KEY, _SECRET_KEY)
    )
    tokens = (name for name in _TOKENS if environment.get(name, "").strip())
    found = next(tokens, None)
    token = _variable(settings, found, environment).reveal() if found else None
    return SigningKey(access.reveal(), secret.reveal(), token)


def _variable(
    settings: ModelSettings, name: str, environment: Mapping[str, str]
) -> Key:
    import msgspec

    named = msgspec.structs.replace(settings, auth=KeyFromEnvironment(name))
    key = find_key(named, vendor_of(_ANY_REGION), environment)
    assert key is not None, "a named variable is there, or the lack of it is raised"
    return key


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    found = (environment.get(name, "").strip() for name in names)
    return next((value for value in found if value), None)


def _need_botocore() -> None:
    from importlib.util import find_spec

    if find_spec("botocore") is None:
        raise ManifestError(
            path="manifest",
            key="model.provider",
            reason="provider 'bedrock' needs botocore, which is not installed",
            hint="pip install 'podd[bedrock]'",
        )
