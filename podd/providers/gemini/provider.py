"""Gemini over the transport: the object that the runtime holds.

A request's key and session are not sent: the API documents no field for either. What it
has read it finds again by itself, where requests begin alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final, get_args

from podd import __version__
from podd.core.context.request import ModelRequest
from podd.providers.capabilities import check_options, checked
from podd.providers.encoded_items import EncodedItems
from podd.providers.gemini.contents import Content
from podd.providers.gemini.endpoint import VENDOR, endpoint_of
from podd.providers.gemini.errors import COMPLAINTS, PROVIDER
from podd.providers.gemini.generations import Generation, generation_of
from podd.providers.gemini.request import CAPABILITIES, encode, encode_item
from podd.providers.gemini.stream import GeminiStream
from podd.providers.keys import address_of, find_key
from podd.providers.ports import Ports
from podd.providers.provider import Answer, OnRetry
from podd.providers.retrying import with_retries
from podd.providers.settings import ModelSettings
from podd.providers.transport import Exchange, Transport

JSON: Final = "application/json"


class Gemini:
    """The Generative Language API, or Vertex AI."""

    def __init__(
        self, settings: ModelSettings, *, environment: Mapping[str, str], ports: Ports
    ) -> None:
        """Find endpoint and key.

        Raises:
            MissingKeyError: the key is not there.
            ManifestError: the base URL is not one.
        """
        address = address_of(settings, VENDOR)
        key = find_key(settings, VENDOR, environment)
        self._settings = settings
        self._ports = ports
        self._endpoint = endpoint_of(address, settings.api_version)
        self._key = key
        # Only those are ever filled that are asked for.
        self._items: dict[Generation, EncodedItems[Content]] = {
            generation: EncodedItems(
                checked(
                    partial(encode_item, generation=generation), PROVIDER, CAPABILITIES
                )
            )
            for generation in get_args(Generation)
        }
        self._transport = Transport(
            provider=PROVIDER,
            timeouts=settings.timeouts,
            ports=ports,
            secrets=tuple(
                secret for secret in (key and key.reveal(), address.password) if secret
            ),
        )

    def stream(self, request: ModelRequest, on_retry: OnRetry) -> Answer:
        """Ask the model; see `Provider.stream`."""
        check_options(request, PROVIDER, CAPABILITIES)
        model = request.surface.model
        items = self._items[generation_of(model)]
        body = encode(request, items.of(request.items))
        url = self._endpoint.url(model, stream=self._settings.stream)

        def start(_attempt: int, deadline: float) -> Answer:
            exchange = Exchange(
                url=url,
                headers=self._headers(),
                body=body,
                decoder=GeminiStream(len(body)),
                reject=COMPLAINTS.from_rejection,
            )
            return self._transport.exchange(exchange, deadline)

        return with_retries(
            start, settings=self._settings, ports=self._ports, on_retry=on_retry
        )

    async def aclose(self) -> None:
        await self._transport.aclose()

    def _headers(self) -> dict[str, str]:
        return {
            "accept": "text/event-stream" if self._settings.stream else JSON,
            # A compressed stream arrives in blocks, not in words.
            "accept-encoding": "identity",
            "content-type": JSON,
            "user-agent": f"podd/{__version__}",
            **self._endpoint.authorization(self._key),
        }
