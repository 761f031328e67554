"""Cohere over the transport: the object that the runtime holds.

A request's key is not sent: Cohere documents no header for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from podd.core.context.request import ModelRequest
from podd.providers.capabilities import check_options, checked
from podd.providers.cohere.endpoint import VENDOR, url_of
from podd.providers.cohere.errors import COMPLAINTS, PROVIDER
from podd.providers.cohere.request import CAPABILITIES, encode, encode_item
from podd.providers.cohere.stream import CohereStream
from podd.providers.encoded_items import JoinedItems
from podd.providers.keyed_provider import KeyedProvider, Sending
from podd.providers.ports import Ports
from podd.providers.settings import ModelSettings


class Cohere(KeyedProvider):
    """Cohere's chat."""

    def __init__(
        self, settings: ModelSettings, *, environment: Mapping[str, str], ports: Ports
    ) -> None:
        """Find endpoint and key; raises as `KeyedProvider`."""
        super().__init__(settings, VENDOR, environment=environment, ports=ports)
        self._url = url_of(self._address)
        self._items = JoinedItems(checked(encode_item, PROVIDER, CAPABILITIES))

    def _sending(self, request: ModelRequest) -> Sending:
        check_options(request, PROVIDER, CAPABILITIES)
        body = encode(
            request, self._items.of(request.items), stream=self._settings.stream
        )
        return Sending(
            self._url, self._bearer(), body, CohereStream, COMPLAINTS.from_rejection
        )
