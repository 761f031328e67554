"""A request's signature (AWS Signature Version 4), made by botocore."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: What requests to Bedrock's runtime are signed for.
SERVICE: Final = "bedrock"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What signs. Only the token is ever sent."""

    access_key: str
    secret_key: str
    token: str | None = None
    """Of a session; temporary keys have one."""

    def __repr__(self) -> str:
        return "SigningKey(hidden)"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        return (self.secret_key, *([self.token] if self.token else []))


def sign(
    url: str, headers: Mapping[str, str], body: bytes, *, key: SigningKey, region: str
) -> dict[str, str]:
    """Give the headers with those that sign them, the URL and the body.

    The path is encoded once more in what is signed, as for all services but S3. The
    time is botocore's.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest(method="POST", url=url, headers=dict(headers), data=body)
    credentials = Credentials(key.access_key, key.secret_key, key.token)
    SigV4Auth(credentials, SERVICE, region).add_auth(request)
    return dict(request.headers.items())
