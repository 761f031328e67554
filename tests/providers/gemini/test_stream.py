from __future__ import annotations

import msgspec
import pytest

from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.context.response import ReasoningDelta, TextDelta
from podd.errors import ProviderError
from podd.providers import answer_body
from podd.providers.gemini.stream import GeminiStream
from podd.testing.provider_server import DONE, event
from podd_protocol.values import Usage


def _chunk(*parts, stop=None, usage=None, **more):
    candidate = {"content": {"parts": list(parts), "role": "model"}, **more}
    if stop:
        candidate["finishReason"] = stop
    found = {"candidates": [candidate]}
    return found | ({"usageMetadata": usage} if usage else {})


def _event(*parts, **more):
    return event(_chunk(*parts, **more))


def _text(text, **more):
    return {"text": text, **more}


END = _event(stop="STOP")


def _read(*pieces, sent_bytes=0):
    stream = GeminiStream(sent_bytes)
    deltas = [delta for piece in pieces for delta in stream.feed(piece)]
    return deltas, stream.finish()


def _failure(*pieces) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        _read(*pieces)
    assert caught.value.provider == "gemini"
    return caught.value


def _signed(data):
    return ReasoningPart("", data, "gemini")


def test_thoughts_are_never_text():
    deltas, response = _read(
        _event(_text("I ", thought=True)),
        _event(_text("think.", thought=True)),
        _event(_text("So.", thought=False)),
        END,
    )

    assert deltas == [ReasoningDelta("I "), ReasoningDelta("think."), TextDelta("So.")]
    assert response.parts == (ReasoningPart("I think."), TextPart("So."))


def test_a_signature_is_kept_in_front_of_its_part():
    _, response = _read(
        _event(_text("Hm.", thought=True)),
        _event(_text("I look ")),
        _event(_text("around", thoughtSignature="c2ln")),
        _event(_text(".")),
        _event({"functionCall": {"name": "look"}, "thoughtSignature": "Y2FsbA=="}),
        END,
    )

    assert response.parts == (
        ReasoningPart("Hm."),
        TextPart("I look "),
        _signed("c2ln"),
        TextPart("around"),
        # Not put together across a signature.
        TextPart("."),
        _signed("Y2FsbA=="),
        ToolCallPart("", "look", "{}", ""),
    )


def test_a_signature_right_behind_a_thought_is_not_the_thoughts():
    _, response = _read(
        _event(
            _text("Hm.", thought=True),
            {"functionCall": {"name": "look"}, "thoughtSignature": "Y2FsbA=="},
        ),
        END,
    )

    assert response.parts[:2] == (ReasoningPart("Hm."), _signed("Y2FsbA=="))


def test_a_thought_may_be_signed_itself():
    _, response = _read(
        _event(_text("Hm.", thought=True)),
        _event(_text("So.", thought=True, thoughtSignature="dGg=")),
        _event(_text("Yes.")),
        END,
    )

    assert response.parts == (
        ReasoningPart("Hm."),
        ReasoningPart("So.", "dGg=", "gemini"),
        TextPart("Yes."),
    )


def test_a_stream_may_end_with_a_signature_alone():
    _, response = _read(
        _event(_text("Done.")),
        _event(_text("", thoughtSignature="c2ln"), stop="STOP"),
    )
    _, thought = _read(
        _event(_text("Done.")),
        _event(_text("", thought=True, thoughtSignature="c2ln"), stop="STOP"),
    )

    assert response.parts == (TextPart("Done."), _signed("text:c2ln"))
    assert thought.parts == (TextPart("Done."), _signed("thought:c2ln"))


def test_a_signature_says_nothing():
    failure = _failure(_event(_text("", thoughtSignature="c2ln"), stop="STOP"))

    assert failure.fault == "empty_response"


def test_usage_is_brought_to_our_meaning():
    usage = {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 60,
        "toolUsePromptTokenCount": 5,
        "thoughtsTokenCount": 7,
    }
    more = {"candidatesTokenCount": 20, "promptTokenCount": 100}
    _, response = _read(
        _event(_text("a"), usage=usage), _event(stop="STOP", usage=more)
    )

    assert response.usage == Usage(
        input_tokens=45,
        cache_read_tokens=60,
        output_tokens=27,
        reasoning_tokens=7,
        requests=1,
    )


def test_what_is_not_counted_is_estimated():
    _, response = _read(_event(_text("abcdefgh"), stop="STOP"), sent_bytes=40)

    assert response.usage == Usage(
        input_tokens=10, output_tokens=2, requests=1, estimated=True
    )


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "output_limit"),
        ("OTHER", "unknown"),
        ("A_NEW_ONE", "unknown"),
        *(
            (reason, "content_filter")
            for reason in (
                *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT"),
                *("SPII", "LANGUAGE", "IMAGE_SAFETY", "MODEL_ARMOR"),
            )
        ),
    ],
)
def test_each_reason_has_its_meaning(reason, stop):
    _, response = _read(_event(_text("So far"), stop=reason))

    assert response.stop_reason == stop


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("MALFORMED_FUNCTION_CALL", "malformed"),
        ("UNEXPECTED_TOOL_CALL", "malformed"),
        ("TOO_MANY_TOOL_CALLS", "malformed"),
        ("MISSING_THOUGHT_SIGNATURE", "bad_request"),
        ("PUP_LIMITED_DISABLED", "refused"),
    ],
)
def test_reasons_that_are_failures_are_told_as_such(reason, fault):
    failure = _failure(
        _event(_text("I call")), _event(stop=reason, finishMessage="print(look())")
    )

    assert failure.fault == fault
    assert reason in failure.message
    assert "print(look())" in failure.message


def test_an_unspecified_reason_ends_nothing():
    failure = _failure(_event(_text("a"), stop="FINISH_REASON_UNSPECIFIED"))

    assert failure.fault == "cut"


def test_a_filter_that_left_nothing_is_told():
    failure = _failure(event({"candidates": [{"finishReason": "SAFETY", "index": 0}]}))

    assert failure.fault == "content_filter"
    assert "SAFETY" in failure.message


BLOCKED = {
    "promptFeedback": {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": []},
    "usageMetadata": {"promptTokenCount": 9},
}


@pytest.mark.parametrize("body", [event(BLOCKED), msgspec.json.encode(BLOCKED)])
def test_a_blocked_prompt_does_not_end_in_silence(body):
    failure = _failure(body)

    assert failure.fault == "content_filter"
    assert "PROHIBITED_CONTENT" in failure.message


def test_feedback_without_a_block_is_none():
    feedback = {"promptFeedback": {"blockReason": "BLOCK_REASON_UNSPECIFIED"}}
    _, response = _read(event(feedback), _event(_text("a")), END)

    assert response.parts == (TextPart("a"),)


def test_an_answer_without_a_reason_was_cut():
    assert _failure(_event(_text("Half"))).fault == "cut"
    assert _failure(_event(_text("Half")), b'data: {"candi').fault == "cut"
    assert _failure().fault == "cut"


def test_an_answer_with_a_reason_is_whole_whatever_follows():
    stream = GeminiStream(0)
    stream.feed(_event(_text("Done."), stop="STOP"))
    assert (stream.is_whole, stream.is_over) == (True, False)

    stream.feed(b'data: {"candi')
    assert stream.finish().parts == (TextPart("Done."),)


def test_the_last_event_may_lack_its_blank_line_and_a_gateway_say_done():
    _, response = _read(_event(_text("a"), stop="STOP").rstrip())
    assert response.parts == (TextPart("a"),)
    _, response = _read(_event(_text("a"), stop="STOP"), DONE)
    assert response.parts == (TextPart("a"),)


def test_a_bare_array_is_an_answer_too():
    chunks = [_chunk(_text("Hel")), _chunk(_text("lo")), _chunk(stop="STOP")]
    body = msgspec.json.format(msgspec.json.encode(chunks), indent=2)

    _, response = _read(*(body[at : at + 7] for at in range(0, len(body), 7)))
    assert response.parts == (TextPart("Hello"),)
    assert _failure(body[:-30]).fault == "cut"
    assert _failure(msgspec.json.encode(chunks[:2])).fault == "cut"


ERROR = {"error": {"code": 503, "message": "it broke", "status": "UNAVAILABLE"}}


@pytest.mark.parametrize(
    "pieces",
    [
        [_event(_text("a")), event(ERROR)],
        [_event(_text("a")), msgspec.json.format(msgspec.json.encode(ERROR))],
        [msgspec.json.encode([_chunk(_text("a")), ERROR])],
        [msgspec.json.encode([ERROR])],
        [msgspec.json.encode(ERROR)],
    ],
    ids=["event", "bare", "in an array", "alone in an array", "alone"],
)
def test_an_error_in_an_answer_is_told_in_any_form(pieces):
    failure = _failure(*pieces)

    assert (failure.fault, failure.message) == ("overloaded", "it broke")


def test_another_document_is_no_answer():
    assert _failure(b'{"candidates": "none"}').fault == "malformed"
    assert _failure(b"[1]").fault == "malformed"
    assert _failure(event({"candidates": 1})).fault == "malformed"
    assert _failure(b"data: oops\n\n").fault == "malformed"
    assert _failure(b"<html><title>Log in</title>").fault == "malformed"


def test_other_candidates_are_not_mixed_in():
    _, response = _read(_event(_text("a"), index=0), _event(_text("b"), index=1), END)

    assert response.parts == (TextPart("a"),)


def test_an_event_beyond_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(answer_body, "EVENT_BYTES", 100)

    assert _failure(b"{" + b" " * 200).fault == "malformed"
