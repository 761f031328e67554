"""Azure's chat completions with the openai SDK: the classic endpoint.

https://learn.microsoft.com/azure/ai-foundry/openai/reference
"""

from __future__ import annotations

from typing import Any

import openai
from conversation import LIMIT
from openai_chat_calls import CASES as OF_OPENAI

DISTRIBUTION = "openai"
REFUSED = openai.BadRequestError

CASES = {name: case for name, case in OF_OPENAI.items() if name != "document"}


def call(url: str, arguments: dict[str, Any], *, stream: bool) -> None:
    client = openai.AzureOpenAI(
        azure_endpoint=url, api_version="2024-10-21", api_key="secret", max_retries=0
    )
    if stream:
        arguments = {
            **arguments,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    client.chat.completions.create(model="m", max_completion_tokens=LIMIT, **arguments)
