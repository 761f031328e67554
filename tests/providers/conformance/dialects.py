"""Every dialect there is: the suite runs with each."""

from __future__ import annotations

from tests.providers.conformance.anthropic import AnthropicDialect
from tests.providers.conformance.azure_openai import AzureOpenAIDialect
from tests.providers.conformance.bedrock import BedrockDialect
from tests.providers.conformance.cohere import CohereDialect
from tests.providers.conformance.dialect import Dialect
from tests.providers.conformance.gemini import GeminiDialect
from tests.providers.conformance.openai_chat import OpenAIChatDialect
from tests.providers.conformance.openai_responses import OpenAIResponsesDialect

DIALECTS: tuple[Dialect, ...] = (
    AnthropicDialect(),
    AzureOpenAIDialect(),
    BedrockDialect(),
    CohereDialect(),
    GeminiDialect(),
    OpenAIChatDialect(),
    OpenAIResponsesDialect(),
)
