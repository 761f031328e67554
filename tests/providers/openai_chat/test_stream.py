from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.context.response import ReasoningDelta, TextDelta
from podd.errors import ProviderError
from podd.providers import answer_body
from podd.providers.openai_chat.stream import ChatStream
from podd.testing.provider_server import DONE, chat_chunk, chat_usage, event
from podd_protocol.values import Usage

END = chat_chunk(finish_reason="stop")
CALLED = chat_chunk(finish_reason="tool_calls")


def _read(*pieces: bytes, sent_bytes: int = 0):
    stream = ChatStream(sent_bytes)
    deltas = [delta for piece in pieces for delta in stream.feed(piece)]
    return deltas, stream.finish()


def _fault(*pieces: bytes) -> str:
    with pytest.raises(ProviderError) as caught:
        _read(*pieces)
    return caught.value.fault


def _piece(index=None, id=None, name=None, arguments=None):  # noqa: A002  # its name
    values = {"index": index, "id": id}
    values["function"] = {"name": name, "arguments": arguments}
    piece = {key: value for key, value in values.items() if value is not None}
    return chat_chunk({"tool_calls": [piece]})


def test_text_arrives_in_deltas_and_as_one_part():
    deltas, response = _read(
        chat_chunk({"role": "assistant", "content": ""}),
        chat_chunk({"content": "Hel"}),
        chat_chunk({"content": "lo"}),
        END,
        chat_usage(10, 5),
        DONE,
    )

    assert deltas == [TextDelta("Hel"), TextDelta("lo")]
    assert response.parts == (TextPart("Hello"),)
    assert response.stop_reason == "stop"
    assert response.usage == Usage(input_tokens=10, output_tokens=5, requests=1)


A = ("a", "read_file", '{"path":"x"}')
B = ("b", "grep", '{"pattern":"y"}')


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_thoughts_come_before_words(key):
    deltas, response = _read(
        chat_chunk({key: "hm, "}),
        chat_chunk({key: "yes"}),
        chat_chunk({"content": "Yes."}),
        END,
    )

    assert deltas[:2] == [ReasoningDelta("hm, "), ReasoningDelta("yes")]
    assert response.parts == (ReasoningPart("hm, yes"), TextPart("Yes."))


def test_thoughts_told_twice_are_heard_once():
    deltas, _ = _read(
        chat_chunk({"reasoning": "hm", "reasoning_content": "hm"}),
        *[chat_chunk({"content": "x"}), END],
    )

    assert deltas[0] == ReasoningDelta("hm")
    assert deltas[1] == TextDelta("x")


def test_parts_keep_their_order():
    _, response = _read(
        chat_chunk({"content": "first"}),
        _piece(0, *A),
        chat_chunk({"content": "then"}),
        CALLED,
    )

    assert [type(part) for part in response.parts] == [TextPart, ToolCallPart, TextPart]


def test_a_refusal_and_typed_parts_are_text():
    _, response = _read(
        chat_chunk({"content": [{"type": "text", "text": "I "}]}),
        chat_chunk({"refusal": "cannot"}),
        END,
    )

    assert response.parts == (TextPart("I cannot"),)


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("stop", "stop"),
        ("length", "output_limit"),
        ("content_filter", "content_filter"),
        ("tool_calls", "tool_use"),
        ("function_call", "tool_use"),
        ("something new", "unknown"),
        (None, "unknown"),
    ],
)
def test_every_finish_reason_has_a_meaning(reason, stop):
    _, response = _read(
        chat_chunk({"content": "x"}), chat_chunk(finish_reason=reason), DONE
    )

    assert response.stop_reason == stop


@pytest.mark.parametrize(
    ("reason", "fault"), [("error", "server_error"), ("abort", "cut")]
)
def test_a_finish_reason_may_be_a_failure(reason, fault):
    assert (
        _fault(chat_chunk({"content": "x"}), chat_chunk(finish_reason=reason)) == fault
    )


def test_an_output_limit_used_up_by_thoughts_is_a_limit_and_no_empty_answer():
    _, response = _read(
        chat_chunk({"reasoning": "hm"}), chat_chunk(finish_reason="length"), DONE
    )

    assert response.stop_reason == "output_limit"


USED = {"prompt_tokens": 100, "completion_tokens": 20}
DETAILED = USED | {
    "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
    "completion_tokens_details": {"reasoning_tokens": 7},
}


@pytest.mark.parametrize(
    ("reports", "usage"),
    [
        ([USED], Usage(input_tokens=100, output_tokens=20, requests=1)),
        (
            [DETAILED],
            Usage(
                input_tokens=30,
                output_tokens=20,
                cache_read_tokens=60,
                cache_write_tokens=10,
                reasoning_tokens=7,
                requests=1,
            ),
        ),
        (
            [USED | {"prompt_cache_hit_tokens": 40}],
            Usage(input_tokens=60, output_tokens=20, cache_read_tokens=40, requests=1),
        ),
        (
            [{"prompt_tokens": 100, "completion_tokens": 1}, USED, None],
            Usage(input_tokens=100, output_tokens=20, requests=1),
        ),
        (
            [USED, {"prompt_tokens": 0, "completion_tokens": None}],
            Usage(input_tokens=100, output_tokens=20, requests=1),
        ),
        (
            [USED | {"prompt_tokens_details": None, "completion_tokens_details": 3}],
            Usage(input_tokens=100, output_tokens=20, requests=1),
        ),
        ([], Usage(input_tokens=1000, output_tokens=2, requests=1, estimated=True)),
        ([None], Usage(input_tokens=1000, output_tokens=2, requests=1, estimated=True)),
        (["x"], Usage(input_tokens=1000, output_tokens=2, requests=1, estimated=True)),
    ],
)
@pytest.mark.parametrize("choices", [[], None, [{"index": 0, "delta": {}}]])
def test_usage_is_read_wherever_it_stands(reports, usage, choices):
    chunks = [event({"choices": choices, "usage": report}) for report in reports]
    _, response = _read(
        chat_chunk({"content": "12345678"}), END, *chunks, DONE, sent_bytes=4000
    )

    assert response.usage == usage


def test_other_choices_are_not_ours():
    other = event({"choices": [{"index": 1, "delta": {"content": "no"}}]})
    _, response = _read(chat_chunk({"content": "yes"}), other, END)

    assert response.parts == (TextPart("yes"),)


def test_nothing_after_the_end_marker_counts():
    _, response = _read(
        chat_chunk({"content": "x"}), END, DONE + chat_chunk({"content": "late"})
    )

    assert response.parts == (TextPart("x"),)


@pytest.mark.parametrize(
    "tail", [b"data: [DONE]", b"data: [DONE]\n", b"data:[DONE]\r\n"]
)
def test_an_end_marker_needs_no_blank_line(tail):
    _, response = _read(chat_chunk({"content": "x"}), tail)

    assert response.parts == (TextPart("x"),)


def test_a_last_event_needs_no_blank_line_if_it_is_whole():
    _, response = _read(chat_chunk({"content": "x"}), END.rstrip())

    assert response.stop_reason == "stop"


def test_half_an_event_at_the_end_is_a_cut():
    assert _fault(chat_chunk({"content": "x"}), END[:-10]) == "cut"


def test_half_an_event_after_the_finish_reason_loses_nothing():
    _, response = _read(chat_chunk({"content": "x"}), END, chat_usage(1, 1)[:-10])

    assert response.parts == (TextPart("x"),)


MESSAGE = {"role": "assistant", "content": "Hello"}
WHOLE = {
    "object": "chat.completion",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
    "usage": USED,
}


def _document(value) -> bytes:
    return msgspec.json.encode(value)


@pytest.mark.parametrize("around", [(b"", b""), (b"\xef\xbb\xbf \n", b"\n\n")])
def test_a_server_that_does_not_stream_is_understood(around):
    body = around[0] + _document(WHOLE) + around[1]
    deltas, response = _read(*(bytes([byte]) for byte in body))

    assert deltas == []
    assert response.parts == (TextPart("Hello"),)
    assert response.usage.input_tokens == 100


def test_calls_of_a_server_that_does_not_stream_are_understood():
    function = {"name": "grep", "arguments": "{}"}
    calls = [{"id": i, "type": "function", "function": function} for i in "ab"]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    choice = {"message": message, "finish_reason": "tool_calls"}
    _, response = _read(_document({"choices": [choice]}))

    assert [part.provider_call for part in response.parts] == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (_document({"error": {"message": "x", "code": 429}}), "rate_limited"),
        (_document({"error": "broken"}), "server_error"),
        (_document({"object": "error", "message": "x", "code": 400}), "bad_request"),
        (_document({"choices": []}), "malformed"),
        (_document(WHOLE)[:-5], "malformed"),
        (b"[1, 2]", "malformed"),
        (b"<html><title>Login</title>", "malformed"),
        (b"\xef\xbb\xbf\n <?xml?>", "malformed"),
        (b"", "cut"),
        (b"\n\n", "cut"),
        (b": ping\n\n", "cut"),
    ],
)
def test_what_is_no_answer_is_named(body, fault):
    assert _fault(body) == fault
    assert _fault(*(bytes([byte]) for byte in body)) == fault


def test_an_event_beyond_the_limit_is_malformed(monkeypatch):
    monkeypatch.setattr(answer_body, "EVENT_BYTES", 100)

    assert _fault(b"{" + b" " * 200) == "malformed"


STREAM = b"".join(
    [
        chat_chunk({"role": "assistant", "content": ""}),
        chat_chunk({"reasoning": "hm é"}),
        chat_chunk({"content": "日本 "}),
        b": ping\r\n\r\n",
        chat_chunk({"content": "🦭"}).replace(b"\n", b"\r\n"),
        _piece(0, *A),
        _piece(1, "b", "grep", '{"pattern"'),
        _piece(1, arguments=':"y"}'),
        CALLED,
        chat_usage(10, 5, 2),
        DONE,
    ]
)
EXPECTED = _read(STREAM)


def test_every_split_in_two_gives_the_same_answer():
    for cut in range(len(STREAM) + 1):
        assert _read(STREAM[:cut], STREAM[cut:]) == EXPECTED, cut


@given(st.lists(st.integers(0, len(STREAM)), max_size=10))
def test_any_split_gives_the_same_answer(cuts):
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in itertools.pairwise(edges)]

    assert _read(*pieces) == EXPECTED


def test_every_cut_before_the_finish_reason_yields_no_response():
    end = STREAM.index(b'"tool_calls"}')
    for cut in range(end):
        assert _fault(STREAM[:cut]) == "cut", cut
