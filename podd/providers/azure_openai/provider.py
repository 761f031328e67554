"""Azure over the transport: the object that the runtime holds.

The key goes in Azure's own header, `api-key`. A token of Entra goes elsewhere, as a
bearer's, and only a manifest could say that it is one; the newer endpoint takes it from
`openai_chat` too, which sends what `model.auth` names that way.
"""

from __future__ import annotations

from collections.abc import Mapping

from podd.core.context.request import ModelRequest
from podd.providers.azure_openai.endpoint import VENDOR, endpoint_of
from podd.providers.azure_openai.errors import COMPLAINTS, PROVIDER
from podd.providers.azure_openai.request import CAPABILITIES
from podd.providers.azure_openai.stream import AzureStream
from podd.providers.capabilities import check_options, checked
from podd.providers.encoded_items import JoinedItems
from podd.providers.keyed_provider import KeyedProvider, Sending
from podd.providers.openai_chat.request import encode, encode_item, encode_pictures
from podd.providers.ports import Ports
from podd.providers.settings import ModelSettings


class AzureOpenAI(KeyedProvider):
    """A deployment of Azure's."""

    def __init__(
        self, settings: ModelSettings, *, environment: Mapping[str, str], ports: Ports
    ) -> None:
        """Find endpoint and key; raises as `KeyedProvider`."""
        super().__init__(settings, VENDOR, environment=environment, ports=ports)
        self._endpoint = endpoint_of(self._address, settings.name, settings.api_version)
        self._items = JoinedItems(
            checked(encode_item, PROVIDER, CAPABILITIES), encode_pictures
        )

    def _sending(self, request: ModelRequest) -> Sending:
        check_options(request, PROVIDER, CAPABILITIES)
        body = encode(
            request,
            self._items.of(request.items),
            token_field=self._endpoint.token_field,
            stream=self._settings.stream,
        )
        headers = {} if self._key is None else {"api-key": self._key.reveal()}
        return Sending(
            self._endpoint.url, headers, body, AzureStream, COMPLAINTS.from_rejection
        )
