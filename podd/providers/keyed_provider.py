"""What every provider does that is asked over HTTP with a key.

A provider's `provider.py` says where to, with what and in whose words. That its key is
found before anything is sent and hidden in what is told, and that a try may be
repeated, is the same everywhere and stands here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from podd import __version__
from podd.core.context.request import ModelRequest
from podd.errors import ProviderError
from podd.providers.keys import Vendor, address_of, find_key
from podd.providers.ports import Ports
from podd.providers.provider import Answer, OnRetry
from podd.providers.rejection import Rejection
from podd.providers.retrying import with_retries
from podd.providers.settings import ModelSettings
from podd.providers.transport import AnswerDecoder, Exchange, Transport

_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Sending:
    """A request as it goes out, however often."""

    url: str
    headers: Mapping[str, str]
    """Besides those that every request has."""
    body: bytes
    decoder: Callable[[int], AnswerDecoder]
    """Makes the decoder of one answer; takes the size of the body in bytes."""
    reject: Callable[[Rejection], ProviderError]


class KeyedProvider(ABC):
    """A server that is asked. A `Provider`."""

    def __init__(
        self,
        settings: ModelSettings,
        vendor: Vendor,
        *,
        environment: Mapping[str, str],
        ports: Ports,
    ) -> None:
        """Find address and key.

        Raises:
            MissingKeyError: the key is not there.
            ManifestError: the base URL is not one, or not there.
        """
        self._settings = settings
        self._address = address_of(settings, vendor)
        self._key = find_key(settings, vendor, environment)
        self._ports = ports
        hidden = (self._key and self._key.reveal(), self._address.password)
        self._transport = Transport(
            provider=settings.called,
            timeouts=settings.timeouts,
            ports=ports,
            secrets=tuple(secret for secret in hidden if secret),
        )

    @abstractmethod
    def _sending(self, request: ModelRequest) -> Sending:
        """Write a request.

        Raises:
            ProviderError: it asks for what the provider cannot do.
        """

    def stream(self, request: ModelRequest, on_retry: OnRetry) -> Answer:
        """Ask the model; see `Provider.stream`."""
        sending = self._sending(request)
        headers = {
            "accept": "text/event-stream" if self._settings.stream else _JSON,
            # A compressed stream arrives in blocks, not in words.
            "accept-encoding": "identity",
            "content-type": _JSON,
            "user-agent": f"podd/{__version__}",
            **sending.headers,
        }

        def start(_attempt: int, deadline: float) -> Answer:
            exchange = Exchange(
                url=sending.url,
                headers=headers,
                body=sending.body,
                decoder=sending.decoder(len(sending.body)),
                reject=sending.reject,
            )
            return self._transport.exchange(exchange, deadline)

        return with_retries(
            start, settings=self._settings, ports=self._ports, on_retry=on_retry
        )

    async def aclose(self) -> None:
        """Let go of connections; see `Provider.aclose`."""
        await self._transport.aclose()

    def _bearer(self) -> dict[str, str]:
        """The usual header of a key."""
        if self._key is None:
            return {}
        return {"authorization": f"Bearer {self._key.reveal()}"}
