"""An answer, from its frames or as one document."""

from __future__ import annotations

import base64

import msgspec
import pytest

from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.context.response import ReasoningDelta, TextDelta, ToolCallDelta
from podd.errors import ProviderError
from podd.providers.bedrock.stream import ConverseAnswer
from tests.providers.conformance.bedrock import event_frame, exception_frame, frame

USAGE = {"usage": {"inputTokens": 5, "outputTokens": 3, "totalTokens": 8}}
END = event_frame("messageStop", {"stopReason": "end_turn"})
METADATA = event_frame("metadata", USAGE)


def _delta(index: int, **delta: object) -> bytes:
    event = {"contentBlockIndex": index, "delta": delta}
    return event_frame("contentBlockDelta", event)


def _stop(index: int) -> bytes:
    return event_frame("contentBlockStop", {"contentBlockIndex": index})


def _use(index: int, identity: str, name: str) -> bytes:
    use = {"toolUse": {"toolUseId": identity, "name": name}}
    event = {"contentBlockIndex": index, "start": use}
    return event_frame("contentBlockStart", event)


def _heard(*frames: bytes, family="unknown"):
    answer = ConverseAnswer(400, family)
    deltas = [delta for piece in frames for delta in answer.feed(piece)]
    return deltas, answer.finish()


def _fault(*frames: bytes) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        _heard(*frames)
    assert caught.value.provider == "bedrock"
    return caught.value


def test_calls_are_told_by_name_first_and_keep_to_their_blocks():
    deltas, response = _heard(
        _use(0, "a", "read_file"),
        _use(1, "b", "look"),
        _delta(0, toolUse={"input": '{"path":'}),
        _delta(1, toolUse={"input": ""}),
        _delta(0, toolUse={"input": '"x"}'}),
        END,
        METADATA,
    )

    assert deltas == [
        ToolCallDelta(0, "read_file", ""),
        ToolCallDelta(1, "look", ""),
        ToolCallDelta(0, "read_file", '{"path":'),
        ToolCallDelta(0, "read_file", '"x"}'),
    ]
    assert response.parts == (
        ToolCallPart("", "read_file", '{"path":"x"}', "a"),
        ToolCallPart("", "look", "{}", "b"),
    )
    assert response.stop_reason == "tool_use"


def test_two_blocks_of_text_are_two_parts():
    _, response = _heard(
        _delta(0, text="a"), _stop(0), _delta(1, text="b"), END, METADATA
    )

    assert response.parts == (TextPart("a"), TextPart("b"))


def test_a_thought_keeps_its_signature_and_whose_it_is():
    deltas, response = _heard(
        _delta(0, reasoningContent={"text": "Hm, "}),
        _delta(0, reasoningContent={"text": "é."}),
        _delta(0, reasoningContent={"signature": "c2ln"}),
        _delta(0, reasoningContent={"signature": "bmVk"}),
        _stop(0),
        _delta(1, text="Yes."),
        END,
        METADATA,
        family="anthropic",
    )

    assert deltas == [ReasoningDelta("Hm, "), ReasoningDelta("é."), TextDelta("Yes.")]
    assert response.parts == (
        ReasoningPart("Hm, é.", "anthropic signature c2lnbmVk", "bedrock"),
        TextPart("Yes."),
    )


def test_a_sealed_thought_stands_by_itself_and_whole():
    data = bytes(range(9))
    pieces = [base64.b64encode(piece).decode() for piece in (data[:4], data[4:])]
    _, response = _heard(
        _delta(0, reasoningContent={"text": "Hm."}),
        _delta(0, reasoningContent={"signature": "c2ln"}),
        *(_delta(1, reasoningContent={"redactedContent": p}) for p in pieces),
        _delta(2, text="Yes."),
        END,
        METADATA,
        family="anthropic",
    )

    sealed = f"anthropic redacted {base64.b64encode(data).decode()}"
    assert response.parts == (
        ReasoningPart("Hm.", "anthropic signature c2ln", "bedrock"),
        ReasoningPart("", sealed, "bedrock"),
        TextPart("Yes."),
    )


def test_a_thought_without_a_signature_has_nothing_to_be_sent_back_with():
    _, response = _heard(
        _delta(0, reasoningContent={"text": "Hm."}),
        _stop(0),
        _delta(1, text="Yes."),
        END,
    )

    assert response.parts[0] == ReasoningPart("Hm.")


def test_without_metadata_the_answer_is_whole_and_its_usage_estimated():
    _, response = _heard(_delta(0, text="Yes."), END)

    assert response.usage.estimated
    assert response.usage.input_tokens == 100


def test_what_follows_the_end_is_not_read():
    answer = ConverseAnswer(400)
    answer.feed(_delta(0, text="Yes.") + END)
    assert (answer.is_whole, answer.is_over) == (True, False)
    answer.feed(METADATA + _delta(1, text="No.") + exception_frame("x", "late"))
    assert answer.is_over

    assert answer.finish().parts == (TextPart("Yes."),)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("throttlingException", "rate_limited"),
        ("modelStreamErrorException", "server_error"),
        ("internalServerException", "server_error"),
        ("serviceUnavailableException", "overloaded"),
        ("validationException", "bad_request"),
        ("modelTimeoutException", "timed_out"),
        ("somethingNew", "server_error"),
    ],
)
def test_an_exception_frame_is_never_an_end(name, fault):
    error = _fault(_delta(0, text="Half"), exception_frame(name, "it broke"), END)

    assert (error.fault, error.message) == (fault, "it broke")


def test_an_exception_that_says_the_input_is_too_long_is_an_overflow():
    words = "The model returned the following errors: prompt is too long: 9 > 8"

    error = _fault(exception_frame("validationException", words))

    assert error.fault == "context_overflow"


def test_an_error_frame_has_its_words_in_its_headers():
    headers = {
        ":message-type": "error",
        ":error-code": "InternalFailure",
        ":error-message": "it broke",
    }

    error = _fault(_delta(0, text="Half"), frame(headers, b""))

    assert (error.fault, error.message) == ("server_error", "it broke")


@pytest.mark.parametrize("reason", ["malformed_model_output", "malformed_tool_use"])
def test_a_model_that_made_no_sense_gave_no_answer(reason):
    stop = event_frame("messageStop", {"stopReason": reason})

    error = _fault(_use(0, "a", "look"), stop, METADATA)

    assert error.fault == "malformed"
    assert reason in error.message


def test_an_unknown_reason_to_stop_is_unknown():
    stop = event_frame("messageStop", {"stopReason": "brand_new"})

    assert _heard(_delta(0, text="x"), stop)[1].stop_reason == "unknown"


@pytest.mark.parametrize("reason", ["guardrail_intervened", "content_filtered"])
def test_a_guardrail_is_a_content_filter(reason):
    stop = event_frame("messageStop", {"stopReason": reason})

    assert _heard(_delta(0, text="No."), stop)[1].stop_reason == "content_filter"
    assert _fault(stop).fault == "content_filter"


def test_a_stream_cut_between_or_within_frames_is_cut():
    for end in (b"", END[:20]):
        assert _fault(_delta(0, text="Half"), end).fault == "cut"


def test_a_frame_that_is_broken_is_malformed():
    broken = bytearray(_delta(0, text="Half"))
    broken[-1] ^= 1

    error = _fault(_delta(0, text="x"), bytes(broken))

    assert (error.fault, "hecksum" in error.message) == ("malformed", True)


@pytest.mark.parametrize(
    "payload", [b"{", b"[]", b'{"contentBlockIndex":"x"}', b"\xff"]
)
def test_an_event_that_is_no_json_of_its_kind_is_malformed(payload):
    headers = {":message-type": "event", ":event-type": "contentBlockDelta"}

    assert _fault(frame(headers, payload)).fault == "malformed"


def test_what_is_neither_frames_nor_a_document_is_malformed_at_once():
    answer = ConverseAnswer(400)

    with pytest.raises(ProviderError) as caught:
        answer.feed(b"data: {}\n\n")

    assert caught.value.fault == "malformed"


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({"__type": "ThrottlingException", "message": "slow"}, "rate_limited"),
        ({"Message": "slow", "__type": "a.b#ThrottlingException"}, "rate_limited"),
        ({"message": "Input is too long for requested model."}, "context_overflow"),
        ({"message": "no"}, "server_error"),
        ({"error": {"message": "no"}}, "server_error"),
        ({"surprise": 1}, "malformed"),
    ],
)
def test_an_error_where_an_answer_was_expected_is_no_answer(document, fault):
    assert _fault(msgspec.json.encode(document)).fault == fault


def test_a_whole_answer_with_sealed_thoughts_and_calls():
    content = [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "AAEC"}},
        {"text": "I look."},
        {"toolUse": {"toolUseId": "a", "name": "look", "input": {"x": [1]}}},
        {"newsContent": {}},
    ]
    document = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "tool_use",
        **USAGE,
    }

    _, response = _heard(msgspec.json.encode(document), family="anthropic")

    assert response.parts == (
        ReasoningPart("Hm.", "anthropic signature c2ln", "bedrock"),
        ReasoningPart("", "anthropic redacted AAEC", "bedrock"),
        TextPart("I look."),
        ToolCallPart("", "look", '{"x":[1]}', "a"),
    )
    assert response.usage.input_tokens == 5
