"""Gemini over the transport: the object that the runtime holds.

A request's key and session are not sent: the API documents no field for either. What it
has read it finds again by itself, where requests begin alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import get_args

from podd.core.context.request import ModelRequest
from podd.providers.capabilities import check_options, checked
from podd.providers.encoded_items import EncodedItems
from podd.providers.gemini.contents import Content
from podd.providers.gemini.endpoint import VENDOR, endpoint_of
from podd.providers.gemini.errors import COMPLAINTS, PROVIDER
from podd.providers.gemini.generations import Generation, generation_of
from podd.providers.gemini.request import CAPABILITIES, encode, encode_item
from podd.providers.gemini.stream import GeminiStream
from podd.providers.keyed_provider import KeyedProvider, Sending
from podd.providers.ports import Ports
from podd.providers.settings import ModelSettings


class Gemini(KeyedProvider):
    """The Generative Language API, or Vertex AI."""

    def __init__(
        self, settings: ModelSettings, *, environment: Mapping[str, str], ports: Ports
    ) -> None:
        """Find endpoint and key; raises as `KeyedProvider`."""
        super().__init__(settings, VENDOR, environment=environment, ports=ports)
        self._endpoint = endpoint_of(self._address, settings.api_version)
        # Only those are ever filled that are asked for.
        self._items: dict[Generation, EncodedItems[Content]] = {
            generation: EncodedItems(
                checked(
                    partial(encode_item, generation=generation), PROVIDER, CAPABILITIES
                )
            )
            for generation in get_args(Generation)
        }

    def _sending(self, request: ModelRequest) -> Sending:
        check_options(request, PROVIDER, CAPABILITIES)
        model = request.surface.model
        items = self._items[generation_of(model)]
        return Sending(
            self._endpoint.url(model, stream=self._settings.stream),
            self._endpoint.authorization(self._key),
            encode(request, items.of(request.items)),
            GeminiStream,
            COMPLAINTS.from_rejection,
        )
