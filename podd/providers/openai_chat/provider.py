"""Chat completions over the transport: the object that the runtime holds.

A request's key is not sent. No header for it is documented, and the vendor's own client
sends none. A gateway that knows `Idempotency-Key` by itself may refuse the second
attempt while the first still runs there, as the draft of that header says (409), and
that is the very case after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from podd.core.context.request import ModelRequest
from podd.providers.capabilities import check_options, checked
from podd.providers.encoded_items import JoinedItems
from podd.providers.keyed_provider import KeyedProvider, Sending
from podd.providers.openai_chat.endpoint import VENDOR, endpoint_of
from podd.providers.openai_chat.errors import complaints_of
from podd.providers.openai_chat.request import (
    CAPABILITIES,
    encode,
    encode_item,
    encode_pictures,
)
from podd.providers.openai_chat.services import endpoint_of_service, vendor_of
from podd.providers.openai_chat.stream import ChatStream
from podd.providers.ports import Ports
from podd.providers.settings import ModelSettings


class OpenAIChat(KeyedProvider):
    """A server that speaks chat completions."""

    def __init__(
        self, settings: ModelSettings, *, environment: Mapping[str, str], ports: Ports
    ) -> None:
        """Find endpoint and key; raises as `KeyedProvider`."""
        service = settings.service
        vendor = vendor_of(service, VENDOR)
        super().__init__(settings, vendor, environment=environment, ports=ports)
        self._endpoint = (
            endpoint_of(self._address)
            if service is None
            else endpoint_of_service(service, self._address)
        )
        quirks = self._endpoint.quirks
        self._complaints = complaints_of(settings.called)
        self._capabilities = CAPABILITIES - quirks.lacks
        self._items = JoinedItems(
            checked(
                partial(encode_item, quirks=quirks),
                settings.called,
                self._capabilities,
            ),
            encode_pictures,
        )

    def _sending(self, request: ModelRequest) -> Sending:
        quirks = self._endpoint.quirks
        check_options(request, self._settings.called, self._capabilities)
        body = encode(
            request,
            self._items.of(request.items),
            token_field=self._endpoint.token_field,
            stream=self._settings.stream,
            quirks=quirks,
        )
        headers = self._bearer()
        affinity = quirks.affinity
        if affinity is not None and affinity.place == "header" and request.session:
            headers[affinity.name] = request.session
        return Sending(
            self._endpoint.url,
            headers,
            body,
            partial(ChatStream, complaints=self._complaints),
            self._complaints.from_rejection,
        )
