"""Messages over the transport: the object that the runtime holds.

A request's key is not sent: no header for it is documented.
"""

from __future__ import annotations

from collections.abc import Mapping

from podd.core.context.request import ModelRequest
from podd.providers.anthropic.endpoint import VENDOR, VERSION, url_of
from podd.providers.anthropic.errors import COMPLAINTS, PROVIDER
from podd.providers.anthropic.request import capabilities_of, encode, encode_item
from podd.providers.anthropic.stream import MessageStream
from podd.providers.capabilities import check_options, checked
from podd.providers.encoded_items import EncodedItems
from podd.providers.keyed_provider import KeyedProvider, Sending
from podd.providers.ports import Ports
from podd.providers.settings import ModelSettings


class Anthropic(KeyedProvider):
    """A server that speaks the Messages API."""

    def __init__(
        self, settings: ModelSettings, *, environment: Mapping[str, str], ports: Ports
    ) -> None:
        """Find endpoint and key; raises as `KeyedProvider`."""
        super().__init__(settings, VENDOR, environment=environment, ports=ports)
        self._url = url_of(self._address)
        self._version = settings.api_version or VERSION
        self._capabilities = capabilities_of(self._version)
        self._items = EncodedItems(checked(encode_item, PROVIDER, self._capabilities))

    def _sending(self, request: ModelRequest) -> Sending:
        check_options(request, PROVIDER, self._capabilities)
        body = encode(
            request, self._items.of(request.items), stream=self._settings.stream
        )
        headers = {"anthropic-version": self._version}
        if self._key is not None:
            headers["x-api-key"] = self._key.reveal()
        return Sending(
            self._url, headers, body, MessageStream, COMPLAINTS.from_rejection
        )
