"""Every dialect there is: the suite runs with each."""

from __future__ import annotations

from tests.providers.conformance.bedrock import BedrockDialect
from tests.providers.conformance.dialect import Dialect
from tests.providers.conformance.openai_chat import OpenAIChatDialect

DIALECTS: tuple[Dialect, ...] = (OpenAIChatDialect(), BedrockDialect())
