"""Chat completions over the transport: the object that the runtime holds.

A request's key is not sent. No header for it is documented, and the vendor's own client
sends none. A gateway that knows `Idempotency-Key` by itself may refuse the second
attempt while the first still runs there, as the draft of that header says (409), and
that is the very case after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from podd import __version__
from podd.core.context.request import ModelRequest
from podd.providers.capabilities import check_options, checked
from podd.providers.encoded_items import EncodedItems
from podd.providers.keys import address_of, find_key
from podd.providers.openai_chat.endpoint import VENDOR, endpoint_of
from podd.providers.openai_chat.errors import complaints_of
from podd.providers.openai_chat.request import CAPABILITIES, encode, encode_item
from podd.providers.openai_chat.services import endpoint_of_service, vendor_of
from podd.providers.openai_chat.stream import ChatStream
from podd.providers.ports import Ports
from podd.providers.provider import Answer, OnRetry
from podd.providers.retrying import with_retries
from podd.providers.settings import ModelSettings
from podd.providers.transport import Exchange, Transport

JSON = "application/json"


class OpenAIChat:
    """A server that speaks chat completions."""

    def __init__(
        self, settings: ModelSettings, *, environment: Mapping[str, str], ports: Ports
    ) -> None:
        """Find endpoint and key.

        Raises:
            MissingKeyError: the key is not there.
            ManifestError: the base URL is not one.
        """
        service = settings.service
        vendor = vendor_of(service, VENDOR)
        address = address_of(settings, vendor)
        key = find_key(settings, vendor, environment)
        self._settings = settings
        self._ports = ports
        self._endpoint = (
            endpoint_of(address)
            if service is None
            else endpoint_of_service(service, address)
        )
        quirks = self._endpoint.quirks
        self._complaints = complaints_of(settings.called)
        self._key = key
        self._capabilities = CAPABILITIES - quirks.lacks
        self._items = EncodedItems(
            checked(
                partial(encode_item, quirks=quirks),
                settings.called,
                self._capabilities,
            )
        )
        self._transport = Transport(
            provider=settings.called,
            timeouts=settings.timeouts,
            ports=ports,
            secrets=tuple(
                secret for secret in (key and key.reveal(), address.password) if secret
            ),
        )

    def stream(self, request: ModelRequest, on_retry: OnRetry) -> Answer:
        """Ask the model; see `Provider.stream`."""
        quirks = self._endpoint.quirks
        check_options(request, self._settings.called, self._capabilities)
        body = encode(
            request,
            self._items.of(request.items),
            token_field=self._endpoint.token_field,
            stream=self._settings.stream,
            quirks=quirks,
        )
        headers = self._headers()
        affinity = quirks.affinity
        if affinity is not None and affinity.place == "header" and request.session:
            headers[affinity.name] = request.session

        def start(_attempt: int, deadline: float) -> Answer:
            exchange = Exchange(
                url=self._endpoint.url,
                headers=headers,
                body=body,
                decoder=ChatStream(len(body), self._complaints),
                reject=self._complaints.from_rejection,
            )
            return self._transport.exchange(exchange, deadline)

        return with_retries(
            start, settings=self._settings, ports=self._ports, on_retry=on_retry
        )

    async def aclose(self) -> None:
        await self._transport.aclose()

    def _headers(self) -> dict[str, str]:
        headers = {
            "accept": "text/event-stream" if self._settings.stream else JSON,
            # A compressed stream arrives in blocks, not in words.
            "accept-encoding": "identity",
            "content-type": JSON,
            "user-agent": f"podd/{__version__}",
        }
        if self._key is not None:
            headers["authorization"] = f"Bearer {self._key.reveal()}"
        return headers
