"""Responses over the transport: the object that the runtime holds.

A request's key is not sent, for the reasons that `openai_chat` has.
"""

from __future__ import annotations

from collections.abc import Mapping

from podd.core.context.request import ModelRequest
from podd.providers.capabilities import check_options, checked
from podd.providers.encoded_items import JoinedItems
from podd.providers.keyed_provider import KeyedProvider, Sending
from podd.providers.openai_responses.endpoint import VENDOR, endpoint_of
from podd.providers.openai_responses.errors import COMPLAINTS, PROVIDER
from podd.providers.openai_responses.request import CAPABILITIES, encode, encode_item
from podd.providers.openai_responses.stream import ResponsesStream
from podd.providers.ports import Ports
from podd.providers.settings import ModelSettings


class OpenAIResponses(KeyedProvider):
    """A server that speaks the Responses API."""

    def __init__(
        self, settings: ModelSettings, *, environment: Mapping[str, str], ports: Ports
    ) -> None:
        """Find endpoint and key; raises as `KeyedProvider`."""
        super().__init__(settings, VENDOR, environment=environment, ports=ports)
        self._endpoint = endpoint_of(self._address)
        self._items = JoinedItems(checked(encode_item, PROVIDER, CAPABILITIES))

    def _sending(self, request: ModelRequest) -> Sending:
        check_options(request, PROVIDER, CAPABILITIES)
        body = encode(
            request,
            self._items.of(request.items),
            cache_key=request.session if self._endpoint.takes_cache_key else "",
            stream=self._settings.stream,
        )
        return Sending(
            self._endpoint.url,
            self._bearer(),
            body,
            ResponsesStream,
            COMPLAINTS.from_rejection,
        )
