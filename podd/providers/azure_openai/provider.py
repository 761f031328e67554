"""Azure over the transport: the object that the runtime holds.

The key goes in Azure's own header, `api-key`. A token of Entra goes elsewhere, as a
bearer's, and only a manifest could say that it is one; the newer endpoint takes it from
`openai_chat` too, which sends what `model.auth` names that way.
"""

from __future__ import annotations

from collections.abc import Mapping

from podd import __version__
from podd.core.context.request import ModelRequest
from podd.providers.azure_openai.endpoint import VENDOR, endpoint_of
from podd.providers.azure_openai.errors import COMPLAINTS, PROVIDER
from podd.providers.azure_openai.request import CAPABILITIES
from podd.providers.azure_openai.stream import AzureStream
from podd.providers.capabilities import check_options, checked
from podd.providers.encoded_items import EncodedItems
from podd.providers.keys import address_of, find_key
from podd.providers.openai_chat.request import encode, encode_item
from podd.providers.ports import Ports
from podd.providers.provider import Answer, OnRetry
from podd.providers.retrying import with_retries
from podd.providers.settings import ModelSettings
from podd.providers.transport import Exchange, Transport

JSON = "application/json"


class AzureOpenAI:
    """A deployment of Azure's."""

    def __init__(
        self, settings: ModelSettings, *, environment: Mapping[str, str], ports: Ports
    ) -> None:
        """Find endpoint and key.

        Raises:
            MissingKeyError: the key is not there.
            ManifestError: the base URL is not one, or not there.
        """
        address = address_of(settings, VENDOR)
        key = find_key(settings, VENDOR, environment)
        self._settings = settings
        self._ports = ports
        self._endpoint = endpoint_of(address, settings.name, settings.api_version)
        self._key = key
        self._items = EncodedItems(checked(encode_item, PROVIDER, CAPABILITIES))
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
        body = encode(
            request,
            self._items.of(request.items),
            token_field=self._endpoint.token_field,
            stream=self._settings.stream,
        )

        def start(_attempt: int, deadline: float) -> Answer:
            exchange = Exchange(
                url=self._endpoint.url,
                headers=self._headers(),
                body=body,
                decoder=AzureStream(len(body)),
                reject=COMPLAINTS.from_rejection,
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
            headers["api-key"] = self._key.reveal()
        return headers
