"""Azure's answer, which is a chat completion. Pure.

What Azure adds says nothing of the answer and is passed over: a first chunk without
choices that tells how the prompt was judged, judgements beside each choice, and, where
the filter runs beside the model, choices that hold a judgement and no delta, even
behind the one that ended the answer. A judgement against the answer has a
`finish_reason` or is an error, and both are known.
https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-streaming
"""

from __future__ import annotations

from podd.providers.azure_openai.errors import COMPLAINTS
from podd.providers.openai_chat.stream import ChatStream


class AzureStream(ChatStream):
    """Bytes in, deltas out; at the end one response."""

    def __init__(self, sent_bytes: int) -> None:
        """Start on the answer to a request of this size, for servers without counts."""
        super().__init__(sent_bytes, COMPLAINTS)
