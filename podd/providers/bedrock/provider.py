"""Converse over the transport: the object that the runtime holds.

Each try is signed anew, as a signature holds for a few minutes only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from functools import partial
from typing import Final

from podd import __version__
from podd.core.context.request import ModelRequest
from podd.errors import ProviderError
from podd.providers.bedrock.access import find_access
from podd.providers.bedrock.blocks import Blocks, encode_item
from podd.providers.bedrock.endpoint import url_of
from podd.providers.bedrock.errors import COMPLAINTS, PROVIDER
from podd.providers.bedrock.family import family_of
from podd.providers.bedrock.options import capabilities_of
from podd.providers.bedrock.profile import Profile
from podd.providers.bedrock.request import encode
from podd.providers.bedrock.signing import SigningKey, sign
from podd.providers.bedrock.stream import ConverseAnswer
from podd.providers.capabilities import check_options, checked
from podd.providers.encoded_items import EncodedItems
from podd.providers.keys import Key
from podd.providers.ports import Ports
from podd.providers.provider import Answer, OnRetry
from podd.providers.retrying import with_retries
from podd.providers.settings import ModelSettings
from podd.providers.transport import Exchange, Transport

JSON: Final = "application/json"


class Bedrock:
    """Amazon Bedrock's runtime in one region."""

    def __init__(
        self, settings: ModelSettings, *, environment: Mapping[str, str], ports: Ports
    ) -> None:
        """Find host and credentials.

        Raises:
            MissingKeyError: there are none.
            ManifestError: the base URL, the region or the profile is not one, or
                botocore is not installed.
        """
        self._access = find_access(settings, environment)
        self._settings = settings
        self._ports = ports
        self._family = family_of(settings.name)
        self._items: EncodedItems[Blocks] = EncodedItems(
            checked(
                partial(encode_item, family=self._family),
                PROVIDER,
                capabilities_of(settings.name),
            )
        )
        password = self._access.address.password
        self._transport = Transport(
            provider=PROVIDER,
            timeouts=settings.timeouts,
            ports=ports,
            secrets=(*self._access.secrets, *([password] if password else [])),
        )

    def stream(self, request: ModelRequest, on_retry: OnRetry) -> Answer:
        """Ask the model; see `Provider.stream`."""
        model = request.surface.model
        check_options(request, PROVIDER, capabilities_of(model))
        url = url_of(self._access.address, model, stream=self._settings.stream)
        body = encode(request, self._items.of(request.items))

        async def start(_attempt: int, deadline: float) -> Answer:
            exchange = Exchange(
                url=url,
                headers=await self._headers(url, body, deadline),
                body=body,
                decoder=ConverseAnswer(len(body), self._family),
                reject=COMPLAINTS.from_rejection,
            )
            answer = self._transport.exchange(exchange, deadline)
            async with aclosing(answer):
                async for item in answer:
                    yield item

        return with_retries(
            start, settings=self._settings, ports=self._ports, on_retry=on_retry
        )

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _headers(self, url: str, body: bytes, deadline: float) -> dict[str, str]:
        headers = {"content-type": JSON}
        means = self._access.means
        if isinstance(means, Key):
            headers["authorization"] = f"Bearer {means.reveal()}"
        if isinstance(means, Profile):
            means = await self._asked(means, deadline)
        if isinstance(means, SigningKey):
            region = self._access.region
            headers = sign(url, headers, body, key=means, region=region)
        # Not signed: proxies change these.
        return headers | {
            # A compressed stream arrives in blocks, not in words.
            "accept-encoding": "identity",
            "user-agent": f"podd/{__version__}",
        }

    async def _asked(self, profile: Profile, deadline: float) -> SigningKey:
        seconds = deadline - self._ports.monotonic()
        try:
            async with asyncio.timeout(seconds):
                key = await profile.key()
        except TimeoutError:
            raise self._late() from None
        self._transport.hide(key.secrets)
        return key

    def _late(self) -> ProviderError:
        limit = self._settings.timeouts.total_seconds
        return COMPLAINTS.failed(
            "timed_out",
            f"no credentials from the AWS profile within total_seconds = {limit:g}",
        )
