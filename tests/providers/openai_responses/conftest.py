"""A stream, event by event, as the vendor documents it; and its reading.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

import pytest

from podd.errors import ProviderError
from podd.providers.openai_responses.stream import ResponsesStream
from tests.providers.conformance.openai_responses import named

END = named({"type": "response.completed", "response": {"status": "completed"}})


def response_event(name, **fields) -> bytes:
    return named({"type": f"response.{name}", **fields})


def text_delta(piece, item=0, part=0) -> bytes:
    return response_event(
        "output_text.delta", output_index=item, content_index=part, delta=piece
    )


def arguments_delta(piece, item=0) -> bytes:
    return response_event(
        "function_call_arguments.delta", output_index=item, delta=piece
    )


def item_added(index, **item) -> bytes:
    return response_event("output_item.added", output_index=index, item=item)


def item_done(index, **item) -> bytes:
    return response_event("output_item.done", output_index=index, item=item)


def call_item(call, **more):
    return {"type": "function_call", "call_id": call, "name": "look", **more}


def message_item(*texts, **more):
    content = [{"type": "output_text", "text": text} for text in texts]
    return {"type": "message", "content": content, **more}


def ending(*output, status="completed", **more) -> bytes:
    response = {"status": status, "output": list(output), **more}
    return response_event(status, response=response)


def read(*pieces: bytes, sent_bytes: int = 0):
    stream = ResponsesStream(sent_bytes)
    deltas = [delta for piece in pieces for delta in stream.feed(piece)]
    return deltas, stream.finish()


def refused(*pieces: bytes) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        read(*pieces)
    return caught.value
