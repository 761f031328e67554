"""A profile of the AWS configuration: where keys come from that no variable holds.

botocore reads the files and follows what they name: keys, roles, single sign-on, a
program. Some of that needs the network, so keys are asked for in a thread, when the
first request needs them, and renewed as they run out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from podd.errors import ManifestError, ProviderError, ProviderFault
from podd.providers.bedrock.errors import COMPLAINTS
from podd.providers.bedrock.signing import SigningKey

_NAMES: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_FILES: Final = (
    ("config_file", "AWS_CONFIG_FILE"),
    ("credentials_file", "AWS_SHARED_CREDENTIALS_FILE"),
)
#: Otherwise botocore asks the process' environment for the profile, not ours. The form
#: is botocore's: in the configuration, in the environment, by default, and how read.
_PROFILE_FROM_NOWHERE: Final = {"profile": (None, None, None, None)}
#: Any of these in a profile says where keys come from.
_SOURCES: Final = frozenset(
    {
        *("aws_access_key_id", "role_arn", "credential_process", "login_session"),
        *("sso_session", "sso_start_url", "web_identity_token_file"),
    }
)
#: Any of these does too: a container's agent, a cluster's token.
_VARIABLES: Final = (
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
#: Set to false, it says that this machine's metadata service is to be asked.
_NO_METADATA: Final = "AWS_EC2_METADATA_DISABLED"
#: Names that botocore gives its sources.
_ENVIRONMENT: Final = "env"
_METADATA: Final = "iam-role"


class Profile:
    """The profile that an environment names, or the default one."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Read the files, if they are there.

        Raises:
            ManifestError: they cannot be read, or have no profile of that name.
        """
        from botocore.exceptions import BotoCoreError, ProfileNotFound
        from botocore.session import Session

        self._environment = environment
        named = next((n for v in _NAMES if (n := environment.get(v))), None)
        self._session: Any = Session(session_vars=_PROFILE_FROM_NOWHERE, profile=named)
        for name, variable in _FILES:
            if path := environment.get(variable):
                self._session.set_config_variable(name, path)
        self._credentials: Any = None
        self._values: Mapping[str, Any] = {}
        try:
            self._values = self._session.get_scoped_config()
        except ProfileNotFound:
            if named is not None:
                raise ManifestError(
                    path="AWS_PROFILE",
                    reason=f"there is no profile {named!r} in the AWS configuration",
                    hint=f"aws configure --profile {named}",
                ) from None
        except BotoCoreError as error:
            raise ManifestError(path="AWS_CONFIG_FILE", reason=str(error)) from None

    @property
    def region(self) -> str | None:
        found = self._values.get("region")
        return found if isinstance(found, str) else None

    @property
    def has_source(self) -> bool:
        """Whether it says where keys come from. Asks nobody."""
        return (
            not _SOURCES.isdisjoint(self._values)
            or any(self._environment.get(name) for name in _VARIABLES)
            or self._asks_metadata
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of it is secret and stands in a file."""
        names = ("aws_secret_access_key", "aws_session_token")
        found = (self._values.get(name) for name in names)
        return tuple(value for value in found if isinstance(value, str) and value)

    async def key(self) -> SigningKey:
        """Give a key that is valid now.

        Raises:
            ProviderError: there is none, or nobody gave it.
        """
        return await asyncio.to_thread(self._load)

    @property
    def _asks_metadata(self) -> bool:
        return self._environment.get(_NO_METADATA, "").strip().lower() == "false"

    def _load(self) -> SigningKey:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            if self._credentials is None:
                self._credentials = self._resolver().load_credentials()
            frozen = self._credentials and self._credentials.get_frozen_credentials()
        except (BotoCoreError, ClientError, OSError, ValueError) as error:
            raise _failed(error) from None
        if not frozen:
            raise COMPLAINTS.failed("auth", "the AWS profile gave no credentials")
        return SigningKey(frozen.access_key, frozen.secret_key, frozen.token)

    def _resolver(self) -> Any:  # noqa: ANN401  # botocore has no types
        resolver = self._session.get_component("credential_provider")
        # The variables that count are those that we were given, and they were looked
        # into already.
        resolver.remove(_ENVIRONMENT)
        if not self._asks_metadata:
            resolver.remove(_METADATA)
        return resolver


def _failed(error: Exception) -> ProviderError:
    from botocore.exceptions import ConnectionError as Unconnected
    from botocore.exceptions import HTTPClientError

    is_far = isinstance(error, Unconnected | HTTPClientError)
    fault: ProviderFault = "unreachable" if is_far else "auth"
    return COMPLAINTS.failed(fault, f"no credentials from the AWS profile: {error}")
