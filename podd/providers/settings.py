"""What a manifest says about a model, as this room understands it."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

#: A handshake over the slowest link that is still of use takes a few seconds; a host
#: that drops packets should be known before a person loses patience.
CONNECT_SECONDS: Final = 10.0
#: Reading a long prompt on a small machine, or thinking that is not shown, takes
#: minutes; a server that has said nothing at all for two has lost the request.
FIRST_BYTE_SECONDS: Final = 120.0
#: Once a model speaks, its words are fractions of a second apart. Servers that pause
#: longer send comments.
BETWEEN_BYTES_SECONDS: Final = 60.0
#: What the vendors' own clients allow for one request.
TOTAL_SECONDS: Final = 600.0
#: Three more tries outlive a restart behind a load balancer.
ATTEMPTS: Final = 4
#: Rate limits are counted by the minute, so waiting longer than one is seldom what
#: the server asked for.
WAIT_SECONDS: Final = 60.0


class Timeouts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long each phase of a request may take, in seconds."""

    connect_seconds: float = CONNECT_SECONDS
    """Name, connection and TLS, each."""
    first_byte_seconds: float = FIRST_BYTE_SECONDS
    """The longest silence until the first content. Any byte, a comment too, ends it."""
    between_bytes_seconds: float = BETWEEN_BYTES_SECONDS
    """The longest silence after the first content."""
    total_seconds: float = TOTAL_SECONDS
    """The whole request, with all its tries and waits."""


class RetryLimits(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """How much patience a request has."""

    attempts: int = ATTEMPTS
    """All tries, the first included."""
    wait_seconds: float = WAIT_SECONDS
    """All waits between them, together."""


class VendorKey(msgspec.Struct, frozen=True, tag_field="from", tag="vendor"):
    """The vendor's own variable, sent to the vendor's own host alone."""


class KeyFromEnvironment(msgspec.Struct, frozen=True, tag_field="from", tag="env"):
    """A variable that the manifest names, sent wherever `base_url` points."""

    variable: str


class KeyFromFile(msgspec.Struct, frozen=True, tag_field="from", tag="file"):
    """A file that holds nothing but the key."""

    path: str


class NoKey(msgspec.Struct, frozen=True, tag_field="from", tag="none"):
    """The server wants none."""


Auth = VendorKey | KeyFromEnvironment | KeyFromFile | NoKey


ProviderName = Literal[
    "scripted",
    "anthropic",
    "gemini",
    "openai_chat",
    "openai_responses",
    "azure_openai",
    "cohere",
    "bedrock",
]


ServiceName = Literal[
    "cerebras",
    "deepseek",
    "fireworks",
    "groq",
    "llamacpp",
    "lmstudio",
    "mistral",
    "ollama",
    "openrouter",
    "perplexity",
    "sambanova",
    "together",
    "vllm",
    "xai",
]


class ModelSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Which model, where, and with how much patience. Holds no secret."""

    provider: ProviderName
    service: ServiceName | None = None
    """Which of the services that speak chat completions; None: nobody of these."""
    name: str
    """The name the provider knows it by; each request names it again."""
    base_url: str | None = None
    """None: the vendor's."""
    auth: Auth = VendorKey()
    region: str | None = None
    """Where the model runs, for a vendor that has several places of its own."""
    api_version: str | None = None
    """For a vendor whose API has versions; None: the usual one."""
    stream: bool = True
    """False: the answer is asked for in one piece."""
    script: str | None = None
    """The script's file, absolute; `scripted` needs one."""
    timeouts: Timeouts = Timeouts()
    retries: RetryLimits = RetryLimits()

    @property
    def called(self) -> str:
        """What a manifest calls who answers."""
        return self.service or self.provider
