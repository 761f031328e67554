"""What Azure's chat completions can say; they are written as OpenAI's are. Pure.

A deployment's name goes along as `model` too, as the vendor's own client sends it: the
newer endpoint needs it, the classic one does not mind. Documents are not among the
contents that the API's reference lists for a user's message.
"""

from __future__ import annotations

from typing import Final

from podd.providers.capabilities import Capability
from podd.providers.openai_chat import request as openai_chat

CAPABILITIES: Final[frozenset[Capability]] = openai_chat.CAPABILITIES - {"documents"}
