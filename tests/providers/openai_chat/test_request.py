from __future__ import annotations

import msgspec
import pytest

from podd.core.context.conversation import (
    ImagePart,
    ModelItem,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.core.context.request import ModelRequest, Sampling, Surface, ToolSpec
from podd.providers.encoded_items import JoinedItems
from podd.providers.openai_chat.request import (
    encode,
    encode_item,
    encode_pictures,
)

TOOL = ToolSpec(
    name="grep",
    description="Search.",
    schema={"type": "object", "properties": {"pattern": {"type": "string"}}},
)
CALL = ToolCallPart("t1", "grep", '{"pattern":"x"}', "call_abc")


def _body(*items, tools=(TOOL,), system="Be brief.", choice="auto", **sampling):
    request = ModelRequest(
        surface=Surface("m", system, tools, Sampling(**sampling)),
        items=items or (UserItem("hello"),),
        tool_choice=choice,
    )
    messages = JoinedItems(encode_item, encode_pictures).of(request.items)
    return msgspec.json.decode(encode(request, messages, token_field="max_tokens"))


def _messages(*items):
    return _body(*items, system="")["messages"]


def test_a_first_request_is_complete():
    assert _body() == {
        "model": "m",
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "grep",
                    "description": "Search.",
                    "parameters": TOOL.schema,
                },
            }
        ],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hello"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_sampling_is_sent_only_where_it_is_set():
    body = _body(max_output_tokens=9, temperature=0.0, effort="low")

    assert (body["max_tokens"], body["temperature"]) == (9, 0.0)
    assert body["reasoning_effort"] == "low"
    assert not {"max_tokens", "temperature", "reasoning_effort"} & set(_body())


def test_the_output_limit_goes_by_the_name_that_is_asked_for():
    request = ModelRequest(
        Surface("m", "", (), Sampling(max_output_tokens=9)), (UserItem("x"),)
    )
    messages = [encode_item(item) for item in request.items]
    body = msgspec.json.decode(
        encode(request, messages, token_field="max_completion_tokens")
    )

    assert body["max_completion_tokens"] == 9
    assert "max_tokens" not in body


def test_a_tool_turn_goes_back_as_it_was():
    other = ToolCallPart("t2", "grep", "{}", "call_def")
    messages = _messages(
        UserItem("look"),
        ModelItem((ReasoningPart("hm"), TextPart("I look."), CALL, other)),
        ToolResultItem("t1", "grep", "ok", "found", "call_abc"),
        ToolResultItem("t2", "grep", "error", "no such file", "call_def"),
        UserItem("a child is done", "notification"),
        UserItem("last step", "notice"),
    )

    assert messages == [
        {"role": "user", "content": "look"},
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                {
                    "id": "call_abc",
                    "type": "function",
                    "function": {"name": "grep", "arguments": '{"pattern":"x"}'},
                },
                {
                    "id": "call_def",
                    "type": "function",
                    "function": {"name": "grep", "arguments": "{}"},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "call_abc", "content": "found"},
        {"role": "tool", "tool_call_id": "call_def", "content": "no such file"},
        {"role": "user", "content": "a child is done"},
        {"role": "user", "content": "last step"},
    ]


def test_our_id_stands_in_for_a_providers_that_is_not_there():
    call = ToolCallPart("t1", "grep", "{}")
    answer, result = _messages(
        ModelItem((call,)), ToolResultItem("t1", "grep", "ok", "x")
    )

    assert answer["tool_calls"][0]["id"] == result["tool_call_id"] == "t1"


def test_calls_without_text_have_no_content():
    assert _messages(ModelItem((CALL,)))[0]["content"] is None


@pytest.mark.parametrize("parts", [(), (ReasoningPart("hm"),), (TextPart(""),)])
def test_an_answer_without_words_is_not_sent(parts):
    assert _messages(UserItem("a"), ModelItem(parts), UserItem("b")) == [
        {"role": "user", "content": "a"},
        {"role": "user", "content": "b"},
    ]


def test_without_tools_there_is_no_tools_key():
    assert "tools" not in _body(tools=())
    assert "tool_choice" not in _body(tools=())


def test_tools_that_are_not_offered_are_left_out():
    body = _body(choice="none")

    assert "tools" not in body
    assert "tool_choice" not in body


def test_tools_stay_with_calls_that_need_them_but_may_not_be_chosen():
    body = _body(UserItem("x"), ModelItem((CALL,)), choice="none")

    assert body["tool_choice"] == "none"
    assert body["tools"] == _body()["tools"]


def test_the_same_request_gives_the_same_bytes_and_a_longer_one_the_same_beginning():
    surface = Surface("m", "Be brief.", (TOOL,), Sampling(max_output_tokens=5))
    items = [UserItem("a"), ModelItem((CALL,)), ToolResultItem("t1", "grep", "ok", "x")]
    kept = JoinedItems(encode_item)

    def body(items, kept):
        request = ModelRequest(surface, items)
        return encode(request, kept.of(items), token_field="max_tokens")

    short = body(items[:1], kept)
    long = body(items, kept)
    shared = short.index(b'],"max_tokens"')

    assert body(list(items), JoinedItems(encode_item)) == long
    assert long[:shared] == short[:shared]


def test_pictures_of_parallel_results_follow_the_last_of_them():
    # A server refuses anything that stands between an answer's calls and their results.
    calls = [
        msgspec.structs.replace(CALL, call=f"t{n}", provider_call="") for n in range(3)
    ]
    results = [ToolResultItem(call.call, "grep", "ok", "found") for call in calls]
    png = ImagePart("image/png", "aa")
    first, second = (
        msgspec.structs.replace(result, images=(png,)) for result in results[:2]
    )
    items = (ModelItem(tuple(calls)), first, second, results[2])

    messages = _messages(UserItem("look"), *items, UserItem("and?"))

    assert [message["role"] for message in messages] == [
        *("user", "assistant", "tool", "tool", "tool"),
        *("user", "user", "user"),
    ]
    shown = messages[5]["content"]
    assert [part["type"] for part in shown] == ["text", "image_url"]
    assert messages[7] == {"role": "user", "content": "and?"}
    assert _messages(UserItem("look"), *items) == messages[:-1]
