from __future__ import annotations

import pytest

from podd.core.context.conversation import ToolCallPart
from podd.core.context.response import ToolCallDelta
from podd.errors import ProviderError
from podd.providers.openai_chat.stream import ChatStream
from podd.testing.provider_server import DONE, chat_chunk

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


def _calls(*pieces: bytes) -> list[tuple[str, str, str]]:
    _, response = _read(*pieces, CALLED, DONE)
    assert response.stop_reason == "tool_use"
    assert all(isinstance(part, ToolCallPart) for part in response.parts)
    assert all(part.call == "" for part in response.parts)
    return [(p.provider_call, p.name, p.arguments) for p in response.parts]


A = ("a", "read_file", '{"path":"x"}')
B = ("b", "grep", '{"pattern":"y"}')


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(
            [
                _piece(0, "a", "read_file", ""),
                _piece(0, arguments='{"path"'),
                _piece(0, arguments=':"x"}'),
                _piece(1, "b", "grep", ""),
                _piece(1, arguments='{"pattern":"y"}'),
            ],
            id="one after the other, as OpenAI does",
        ),
        pytest.param(
            [
                _piece(0, "a", "read_file", ""),
                _piece(1, "b", "grep", ""),
                _piece(0, arguments='{"path"'),
                _piece(1, arguments='{"pattern":'),
                _piece(0, arguments=':"x"}'),
                _piece(1, arguments='"y"}'),
            ],
            id="interleaved",
        ),
        pytest.param(
            [
                _piece(0, "a", "read_file", '{"path"'),
                _piece(0, "a", "read_file", ':"x"}'),
                _piece(1, "b", "grep", '{"pattern"'),
                _piece(1, "b", "grep", ':"y"}'),
            ],
            id="id and name with each piece",
        ),
        pytest.param(
            [_piece(None, *A), _piece(None, *B)], id="whole calls without index"
        ),
        pytest.param(
            [
                _piece(None, "a", "read_file", '{"path"'),
                _piece(None, "a", None, ':"x"}'),
                _piece(None, "b", "grep", '{"pattern"'),
                _piece(None, None, None, ':"y"}'),
            ],
            id="pieces without index",
        ),
        pytest.param([_piece(0, *A), _piece(0, *B)], id="all with index 0"),
        pytest.param(
            [
                _piece(0, *A),
                _piece(0, "b", "grep", '{"pattern"'),
                _piece(0, arguments=':"y"}'),
            ],
            id="all with index 0, in pieces",
        ),
        pytest.param([_piece(4, *A), _piece(9, *B)], id="odd indexes"),
        pytest.param(
            [
                chat_chunk(
                    {
                        "content": None,
                        "tool_calls": [
                            {
                                "index": 0,
                                "id": "a",
                                "function": {"name": A[1], "arguments": A[2]},
                            },
                            {
                                "index": 1,
                                "id": "b",
                                "function": {"name": B[1], "arguments": B[2]},
                            },
                        ],
                    }
                )
            ],
            id="both in one event",
        ),
        pytest.param(
            [
                _piece(0, "a", "read_file", {"path": "x"}),
                _piece(1, "b", "grep", {"pattern": "y"}),
            ],
            id="arguments as objects",
        ),
    ],
)
def test_parallel_calls_are_kept_apart_however_they_are_told(pieces):
    assert _calls(*pieces) == [A, B]


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([_piece(0, None, *A[1:]), _piece(1, None, *A[1:])], id="index"),
        pytest.param([_piece(None, None, *A[1:])] * 2, id="nothing"),
        pytest.param([_piece(0, None, *A[1:])] * 2, id="index 0"),
        pytest.param([_piece(0, "", *A[1:]), _piece(1, "", *A[1:])], id="empty id"),
    ],
)
def test_calls_without_ids_are_told_apart_and_get_no_id_of_the_servers(pieces):
    """Ours, which is unique in the session, then stands for it."""
    assert _calls(*pieces) == [("", *A[1:]), ("", *A[1:])]


def test_ids_that_are_given_twice_are_told_apart():
    calls = _calls(
        _piece(0, "same", *A[1:]),
        _piece(1, "same", *B[1:]),
        _piece(2, "call_1", *B[1:]),
    )

    assert len({identity for identity, *_ in calls}) == 3
    assert calls[0][0] == "same"


def test_a_call_is_told_while_it_grows():
    deltas, _ = _read(
        _piece(0, "a", "grep", ""),
        _piece(0, arguments="{"),
        _piece(0, arguments="}"),
        CALLED,
    )

    assert deltas == [
        ToolCallDelta(0, "grep", ""),
        ToolCallDelta(0, "grep", "{"),
        ToolCallDelta(0, "grep", "}"),
    ]


def test_broken_arguments_stay_as_they_came():
    assert _calls(_piece(0, "a", "grep", '{"pattern": ')) == [
        ("a", "grep", '{"pattern": ')
    ]


def test_a_call_without_arguments_takes_none():
    assert _calls(_piece(0, "a", "list", "")) == [("a", "list", "{}")]


def test_a_call_that_a_limit_cut_off_does_not_look_whole():
    _, response = _read(_piece(0, "a", "list", ""), chat_chunk(finish_reason="length"))

    assert response.stop_reason == "output_limit"
    assert response.parts == (ToolCallPart("", "list", "", "a"),)


def test_a_call_without_a_name_is_no_call():
    assert _fault(_piece(0, "a", None, "{}"), CALLED) == "malformed"


def test_the_old_way_to_call_a_function_is_understood():
    _, response = _read(
        chat_chunk({"function_call": {"name": "grep", "arguments": "{"}}),
        chat_chunk({"function_call": {"arguments": "}"}}),
        chat_chunk(finish_reason="function_call"),
    )

    assert response.stop_reason == "tool_use"
    assert response.parts == (ToolCallPart("", "grep", "{}", ""),)


@pytest.mark.parametrize("reason", ["stop", None])
def test_a_call_is_a_call_whatever_the_finish_reason(reason):
    _, response = _read(_piece(0, *A), chat_chunk(finish_reason=reason), DONE)

    assert response.stop_reason == "tool_use"
