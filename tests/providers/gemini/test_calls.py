from __future__ import annotations

import pytest

from podd.core.context.response import ToolCallDelta
from podd.errors import ProviderError
from podd.providers.gemini.stream import GeminiStream
from podd.testing.provider_server import event


def _event(*calls, stop=None):
    candidate = {"content": {"parts": [{"functionCall": call} for call in calls]}}
    if stop:
        candidate["finishReason"] = stop
    return event({"candidates": [candidate]})


END = _event(stop="STOP")


def _read(*pieces):
    stream = GeminiStream(0)
    deltas = [delta for piece in pieces for delta in stream.feed(piece)]
    return deltas, stream.finish()


def _calls(*pieces):
    _, response = _read(*pieces)
    return [(part.name, part.arguments) for part in response.parts]


def test_two_calls_of_one_function_without_ids_are_two():
    _, response = _read(
        _event(
            {"name": "read", "args": {"at": 1}}, {"name": "read", "args": {"at": 2}}
        ),
        END,
    )

    first, second = response.parts
    assert (first.name, first.arguments) == ("read", '{"at":1}')
    assert (second.name, second.arguments) == ("read", '{"at":2}')
    assert first.provider_call == second.provider_call == ""
    assert response.stop_reason == "tool_use"


def test_ids_that_gemini_gives_are_kept_and_those_given_twice_are_not():
    _, response = _read(
        _event({"id": "k7f2", "name": "read"}, {"id": "k7f2", "name": "read"}), END
    )

    first, second = response.parts
    assert (first.provider_call, second.provider_call) == ("k7f2", "")


@pytest.mark.parametrize(
    ("args", "written"),
    [
        (b'{"a": 1.50, "b": [ 1e3 ]}', '{"a":1.50,"b":[1e3]}'),
        (b'{\n "a": "\\u00e9 x"\n}', '{"a":"\\u00e9 x"}'),
        (b'{"a":12345678901234567890123}', '{"a":12345678901234567890123}'),
        (b"null", "{}"),
        (b"{}", "{}"),
        (b'"{}"', '"{}"'),
    ],
)
def test_arguments_are_kept_as_they_were_written_but_for_blanks(args, written):
    parts = b'[{"functionCall":{"name":"look","args":%s}}]' % args
    candidate = b'{"content":{"parts":%s},"finishReason":"STOP"}' % parts
    body = b'{"candidates":[%s]}' % candidate

    stream = GeminiStream(0)
    stream.feed(body)
    [call] = stream.finish().parts
    assert call.arguments == written


def test_a_call_is_told_at_once():
    deltas, _ = _read(_event({"name": "look", "args": {"a": 1}}, {"name": "grep"}), END)

    assert deltas == [
        ToolCallDelta(0, "look", '{"a":1}'),
        ToolCallDelta(1, "grep", ""),
    ]


def _values(*values, more=True):
    pieces = [
        {"jsonPath": path, **({"stringValue": v} if isinstance(v, str) else v)}
        for path, v in values
    ]
    return {"partialArgs": pieces, "willContinue": more}


def test_arguments_that_come_value_by_value_are_one_object():
    assert _calls(
        _event({"name": "book", "id": "a1", "willContinue": True}),
        _event(_values(("$.place", "New ")), _values(("$.place", "Delhi"))),
        _event(
            _values(
                ("$.days[0].hours[1]", {"numberValue": 4}),
                ("$.days[0].hours[0]", {"numberValue": 3}),
                ("$['a.b']", {"boolValue": True}),
                ('$["none"]', {"nullValue": "NULL_VALUE"}),
            )
        ),
        _event({}),
        _event({"name": "look", "args": {}}),
        END,
    ) == [
        (
            "book",
            '{"place":"New Delhi","days":[{"hours":[3,4]}],"a.b":true,"none":null}',
        ),
        ("look", "{}"),
    ]


def test_a_call_in_pieces_ends_with_the_next_and_with_the_answer():
    assert _calls(
        _event({"name": "a", **_values(("$.x", "1"))}),
        _event({"name": "b", **_values(("$.y", "2"))}),
        END,
    ) == [("a", '{"x":"1"}'), ("b", '{"y":"2"}')]


@pytest.mark.parametrize(
    "values",
    [
        [("x", "1")],
        [("$", "1")],
        [("$.x..y", "1")],
        [("$.*", "1"), ("$.*.a", "1")],
        [("$.x[99999999]", "1")],
        [("$.x", {})],
        [("$.x", "1"), ("$.x.y", "2")],
        [(None, "1")],
    ],
)
def test_values_without_a_place_are_no_answer(values):
    with pytest.raises(ProviderError) as caught:
        _read(_event({"name": "a", **_values(*values)}), END)
    assert caught.value.fault == "malformed"


def test_a_call_that_a_limit_cut_off_does_not_look_whole():
    _, response = _read(_event({"name": "a"}, stop="MAX_TOKENS"))

    [call] = response.parts
    assert (call.arguments, response.stop_reason) == ("", "output_limit")


def test_a_call_without_a_name_is_no_answer():
    with pytest.raises(ProviderError) as caught:
        _read(_event({"args": {"a": 1}}), END)
    assert caught.value.fault == "malformed"
