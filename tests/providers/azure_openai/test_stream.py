"""Streams in the shapes of Azure's page on content streaming.

https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-streaming
"""

from __future__ import annotations

import pytest

from podd.core.context.conversation import TextPart
from podd.core.context.response import TextDelta
from podd.errors import ProviderError
from podd.providers.azure_openai.stream import AzureStream
from podd.testing.provider_server import DONE, chat_chunk, chat_usage, event
from podd_protocol.values import Usage
from tests.providers.conformance.azure_openai import BLANK, PROMPT, late_judgement

JUDGED = event({**BLANK, "prompt_filter_results": PROMPT, "choices": []})
OLDER = event({**BLANK, "prompt_annotations": PROMPT, "choices": []})
ROLE = chat_chunk({"role": "assistant"})
STOP = chat_chunk(finish_reason="stop")


def _read(*pieces):
    stream = AzureStream(0)
    deltas = [delta for piece in pieces for delta in stream.feed(piece)]
    return deltas, stream.finish()


@pytest.mark.parametrize("first", [JUDGED, OLDER])
def test_what_the_filters_say_is_passed_over(first):
    deltas, response = _read(
        first,
        ROLE,
        chat_chunk({"content": "Color"}),
        late_judgement(),
        chat_chunk({"content": " is"}),
        STOP,
        late_judgement(),
        chat_usage(10, 5),
        DONE,
    )

    assert deltas == [TextDelta("Color"), TextDelta(" is")]
    assert response.parts == (TextPart("Color is"),)
    assert response.stop_reason == "stop"
    assert response.usage == Usage(input_tokens=10, output_tokens=5, requests=1)


@pytest.mark.parametrize("before", [(), (STOP,)])
def test_a_late_judgement_against_the_answer_ends_it(before):
    _, response = _read(
        JUDGED,
        ROLE,
        chat_chunk({"content": "Hey"}),
        *before,
        late_judgement("content_filter"),
        DONE,
    )

    assert response.parts == (TextPart("Hey"),)
    assert response.stop_reason == "content_filter"


def test_a_stream_of_judgements_alone_is_no_answer():
    for end, fault in ((DONE, "empty_response"), (b"", "cut")):
        with pytest.raises(ProviderError) as caught:
            _read(JUDGED, late_judgement(), end)
        assert (caught.value.fault, caught.value.provider) == (fault, "azure_openai")


def test_an_error_of_the_filter_in_the_stream_is_known():
    error = {"code": "content_filter", "message": "filtered", "status": 400}
    with pytest.raises(ProviderError) as caught:
        _read(JUDGED, ROLE, event({"error": error}))

    assert caught.value.fault == "content_filter"
    assert caught.value.provider == "azure_openai"


def test_what_is_no_chat_completion_is_told_as_azures():
    with pytest.raises(ProviderError) as caught:
        _read(event({"choices": "none"}))

    assert caught.value.fault == "malformed"
    assert caught.value.provider == "azure_openai"
