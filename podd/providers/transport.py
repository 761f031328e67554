"""The one way over HTTP: a request out, a decoded answer back, every wait limited.

Knows no provider's words: what comes back is fed to the provider's decoder, what is
refused is handed to the provider's reading of errors. It makes one try; whether there
is another is `retrying`'s business.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, Literal, Protocol, cast
from urllib.parse import urlsplit

from podd.core.context.response import ModelDelta, ModelResponse
from podd.errors import ProviderError, ProviderFault
from podd.providers.keys import is_loopback
from podd.providers.ports import Ports
from podd.providers.presentation import beginning, presentable
from podd.providers.provider import Answer
from podd.providers.rejection import Rejection
from podd.providers.settings import Timeouts

if TYPE_CHECKING:
    import ssl

    import httpx

    from podd.providers.tape import Recorder, Tape

#: As much of a refusal as is read. Everything that is said in it is said early.
REJECTION_BYTES: Final = 64 * 1024
#: A refusal's body may be slow to come; its status alone says most.
REJECTION_SECONDS: Final = 10.0
#: A whole answer, deltas and all. Far beyond any model's output limit.
ANSWER_BYTES: Final = 64 * 1024 * 1024
#: After the end marker, the few bytes that let the connection be used again. They come
#: with the marker or are not worth waiting for.
DRAIN_SECONDS: Final = 0.1
#: Steps are often this close together; a new TLS handshake costs more than a socket.
KEEP_ALIVE_SECONDS: Final = 30.0

_Phase = Literal["first_byte_seconds", "between_bytes_seconds", "total_seconds"]


class AnswerDecoder(Protocol):
    """A provider's reading of one answer. Pure."""

    @property
    def is_whole(self) -> bool:
        """Whether the answer is complete, so that a lost connection loses nothing."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether the end marker has come, so that nothing more is to be read."""
        ...

    def feed(self, chunk: bytes) -> list[ModelDelta]:
        """Take more bytes, in any split.

        Raises:
            ProviderError: they are no answer.
        """
        ...

    def finish(self) -> ModelResponse:
        """Give the answer, now that nothing more comes.

        Raises:
            ProviderError: it is not whole, or empty.
        """
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One try: what is sent, and who reads what comes back."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    decoder: AnswerDecoder
    reject: Callable[[Rejection], ProviderError]


class Transport:
    """Connections to one provider, made when first needed."""

    def __init__(
        self,
        *,
        provider: str,
        timeouts: Timeouts,
        ports: Ports,
        secrets: Sequence[str] = (),
    ) -> None:
        self._provider = provider
        self._timeouts = timeouts
        self._ports = ports
        self._secrets = tuple(secrets)
        self._client: httpx.AsyncClient | None = None
        # In httpx's words; all other waits are limited here.
        connect = timeouts.connect_seconds
        self._waits = {"connect": connect, "read": None, "write": None, "pool": None}

    def exchange(self, exchange: Exchange, deadline: float) -> Answer:
        """Make one try, to end by the deadline (monotonic).

        Raises:
            ProviderError: from the iteration; its message is fit to be shown.
        """
        recorder = self._ports.recorder
        if recorder is None:
            return self._try(exchange, deadline, None)
        return self._recorded(exchange, deadline, recorder)

    async def _recorded(
        self, exchange: Exchange, deadline: float, recorder: Recorder
    ) -> Answer:
        from podd.providers.tape import Tape  # late: hardly any pod records

        tape = Tape(
            provider=self._provider,
            sent_bytes=len(exchange.body),
            monotonic=self._ports.monotonic,
            secrets=self._secrets,
        )
        try:
            async with aclosing(self._try(exchange, deadline, tape)) as answer:
                async for item in answer:
                    if isinstance(item, ModelResponse):
                        tape.ended(None)
                    yield item
        except ProviderError as error:
            tape.ended(error.fault, error.message)
            raise
        finally:
            recorder(tape.recording())

    async def _try(
        self, exchange: Exchange, deadline: float, tape: Tape | None
    ) -> Answer:
        decoder = exchange.decoder
        try:
            async with self._opened(exchange, deadline) as response:
                if tape is not None:
                    tape.answered(response.status_code, response.headers)
                if not response.is_success:
                    raise exchange.reject(await self._rejection(response, tape))
                async with aclosing(_chunks(response, tape)) as chunks:
                    phase: _Phase = "first_byte_seconds"
                    received = 0
                    while chunk := await self._next(chunks, exchange, phase, deadline):
                        received += len(chunk)
                        if received > ANSWER_BYTES:
                            raise self._error(
                                "malformed",
                                f"an answer of more than {ANSWER_BYTES} bytes",
                            )
                        for delta in decoder.feed(chunk):
                            phase = "between_bytes_seconds"
                            yield delta
                        if decoder.is_over:
                            await _drain(chunks)
                            break
            yield decoder.finish()
        except ProviderError as error:
            error.message = presentable(error.message, self._secrets)
            raise

    def hide(self, secrets: Sequence[str]) -> None:
        """Keep these out of messages too: keys that were only known later."""
        new = [secret for secret in secrets if secret not in self._secrets]
        self._secrets += tuple(new)

    async def aclose(self) -> None:
        """Close all connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    @asynccontextmanager
    async def _opened(
        self, exchange: Exchange, deadline: float
    ) -> AsyncIterator[httpx.Response]:
        """Send, and wait for the status line and the headers."""
        import httpx

        phase, seconds = self._limit("first_byte_seconds", deadline)
        # The errors are not chained: theirs may quote what was sent or received, key
        # and all, in places that no redaction of ours reaches.
        try:
            client = self._connected(exchange.url)
            # Not by the client, which would look for its defaults and cookies first.
            request = httpx.Request(
                "POST",
                _parsed(exchange.url),
                headers=exchange.headers,
                content=exchange.body,
                extensions={"timeout": self._waits},
            )
            async with asyncio.timeout(seconds):
                response = await client.send(request, stream=True)
        except TimeoutError:
            raise self._timed_out(phase, _place(exchange.url)) from None
        except httpx.ConnectTimeout:
            limit = self._timeouts.connect_seconds
            place = _place(exchange.url)
            raise self._error(
                "timed_out",
                f"no connection to {place} within connect_seconds = {limit:g}",
            ) from None
        except httpx.TransportError as error:
            place = _place(exchange.url)
            raise self._error(
                "unreachable", f"cannot reach {place}: {_words(error)}"
            ) from None
        try:
            yield response
        finally:
            await response.aclose()

    async def _next(
        self,
        chunks: AsyncGenerator[bytes, None],
        exchange: Exchange,
        waiting_for: _Phase,
        deadline: float,
    ) -> bytes:
        """Wait for more; empty at the end.

        The end is also what breaks off an answer that is already whole.
        """
        phase, seconds = self._limit(waiting_for, deadline)
        try:
            async with asyncio.timeout(seconds):
                return await anext(chunks, b"")
        except Exception as error:  # noqa: BLE001  # those that are none are raised again
            # Only here, as this is done for each word that is streamed.
            failure = self._broken_off(error, phase, _place(exchange.url))
        if exchange.decoder.is_whole and failure.fault != "malformed":
            return b""
        raise failure from None

    def _broken_off(self, error: Exception, phase: _Phase, place: str) -> ProviderError:
        """Say what ended an answer."""
        import httpx

        if isinstance(error, TimeoutError):
            return self._timed_out(phase, place)
        if isinstance(error, httpx.DecodingError):
            return self._error("malformed", f"{place}: {_words(error)}")
        if isinstance(error, httpx.TransportError):
            words = f"{place} broke off its answer: {_words(error)}"
            return self._error("cut", words)
        raise error

    async def _rejection(
        self, response: httpx.Response, tape: Tape | None
    ) -> Rejection:
        """Read as much of a refusal as comes quickly."""
        import httpx

        body = b""
        try:
            async with asyncio.timeout(REJECTION_SECONDS):
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > REJECTION_BYTES:
                        break
        except (TimeoutError, httpx.HTTPError):
            pass  # the status is known, and it is what counts
        if len(body) > REJECTION_BYTES:
            body = beginning(body, self._secrets)
        if tape is not None:
            tape.piece(body)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Rejection(response.status_code, headers, body, self._ports.wall())

    def _limit(self, phase: _Phase, deadline: float) -> tuple[_Phase, float]:
        """Find which limit ends the next wait, and in how many seconds."""
        remaining = deadline - self._ports.monotonic()
        seconds: float = getattr(self._timeouts, phase)
        return ("total_seconds", remaining) if remaining < seconds else (phase, seconds)

    def _connected(self, url: str) -> httpx.AsyncClient:
        if self._client is None:
            import httpx

            address = urlsplit(url)
            secure = address.scheme == "https"
            self._client = httpx.AsyncClient(
                verify=_tls() if secure else _no_tls(),
                # Seen from a proxy, loopback is another machine.
                trust_env=not is_loopback(address.hostname or ""),
                limits=httpx.Limits(keepalive_expiry=KEEP_ALIVE_SECONDS),
                # A redirect would carry the key, or lose the body.
                follow_redirects=False,
            )
        return self._client

    def _timed_out(self, phase: _Phase, place: str) -> ProviderError:
        seconds: float = getattr(self._timeouts, phase)
        return self._error(
            "timed_out", f"{place} let {phase} = {seconds:g} pass without an answer"
        )

    def _error(self, fault: ProviderFault, message: str) -> ProviderError:
        return ProviderError(
            fault=fault,
            message=presentable(message, self._secrets),
            provider=self._provider,
        )


def _chunks(response: httpx.Response, tape: Tape | None) -> AsyncGenerator[bytes, None]:
    """Read the body as it comes, never empty."""
    # Reading the raw bytes is cheaper; only a proxy would compress what was asked for
    # as it is.
    encoded = "content-encoding" in response.headers
    chunks = response.aiter_bytes() if encoded else response.aiter_raw()
    # They are declared as iterators, and are generators, which can be closed.
    found = cast("AsyncGenerator[bytes, None]", chunks)
    return found if tape is None else tape.listening(found)


async def _drain(chunks: AsyncGenerator[bytes, None]) -> None:
    """Read the end of a body, so that its connection can be used again."""
    import httpx

    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while await anext(chunks, b""):
                pass
    except (TimeoutError, httpx.HTTPError):
        return


@lru_cache(maxsize=8)
def _parsed(url: str) -> httpx.URL:
    import httpx

    return httpx.URL(url)


def _place(url: str) -> str:
    """Name a host without what a URL may hold besides: a password, a token."""
    address = urlsplit(url)
    host = address.hostname or ""
    return f"{host}:{address.port}" if address.port else host


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


@cache
def _tls() -> ssl.SSLContext:
    # Reading the authorities takes some 20 ms, so a process does it once.
    import httpx

    return httpx.create_ssl_context()


@cache
def _no_tls() -> ssl.SSLContext:
    # For plain http: costs nothing, and trusts nobody should it ever be used.
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
