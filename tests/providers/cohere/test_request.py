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
from podd.core.context.request import (
    ModelRequest,
    NamedTool,
    Sampling,
    Surface,
    ToolSpec,
)
from podd.errors import ProviderError
from podd.providers.capabilities import check_options
from podd.providers.cohere.request import CAPABILITIES, THINKING, encode, encode_item

TOOL = ToolSpec("grep", "Search.", {"type": "object", "properties": {}})
CALL = ToolCallPart("t1", "grep", '{"pattern":"x"}', "grep_a1")
THOUGHT = ReasoningPart("Hm.", THINKING, "cohere")


def _request(*items, tools=(TOOL,), choice="auto", system="Be brief.", **sampling):
    surface = Surface("command-a", system, tools, Sampling(**sampling))
    return ModelRequest(surface, items or (UserItem("hi"),), choice)


def _body(request, **more):
    return msgspec.json.decode(
        encode(request, [encode_item(item) for item in request.items], **more)
    )


def _message(item):
    return msgspec.json.decode(encode_item(item))


def test_a_whole_request():
    body = _body(
        _request(
            max_output_tokens=100,
            temperature=0.5,
            top_p=0.25,
            top_k=7,
            stop=("END",),
            budget_tokens=2048,
        )
    )

    assert body == {
        "model": "command-a",
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "grep",
                    "description": "Search.",
                    "parameters": {"type": "object", "properties": {}},
                },
            }
        ],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hi"},
        ],
        "max_tokens": 100,
        "temperature": 0.5,
        "p": 0.25,
        "k": 7,
        "stop_sequences": ["END"],
        "thinking": {"type": "enabled", "token_budget": 2048},
        "stream": True,
    }


def test_a_bare_request_says_nothing_that_was_not_asked():
    body = _body(_request(tools=(), system=""), stream=False)

    assert body == {
        "model": "command-a",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": False,
    }


def test_arguments_are_text_and_what_was_said_before_them_is_the_plan():
    message = _message(ModelItem((TextPart("I look."), CALL)))

    function = {"name": "grep", "arguments": '{"pattern":"x"}'}
    assert message == {
        "role": "assistant",
        "tool_calls": [{"id": "grep_a1", "type": "function", "function": function}],
        "tool_plan": "I look.",
    }


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ("", "{}"),
        ('{"pa', '{"invalid_arguments":"{\\"pa"}'),
        ("[1]", '{"invalid_arguments":"[1]"}'),
    ],
)
def test_arguments_that_are_no_object_go_back_as_one(arguments, sent):
    call = msgspec.structs.replace(CALL, arguments=arguments)
    (sent_call,) = _message(ModelItem((call,)))["tool_calls"]

    assert sent_call["function"]["arguments"] == sent


def test_thoughts_go_back_in_front_of_the_calls_and_of_the_answer():
    block = {"type": "thinking", "thinking": "Hm."}
    called = _message(ModelItem((THOUGHT, CALL)))
    said = _message(ModelItem((THOUGHT, TextPart("Yes."))))

    assert called["content"] == [block]
    assert said == {
        "role": "assistant",
        "content": [block, {"type": "text", "text": "Yes."}],
    }


@pytest.mark.parametrize(
    "thought",
    [
        ReasoningPart("Hm."),
        ReasoningPart("Hm.", "sealed", "anthropic"),
        ReasoningPart("", THINKING, "cohere"),
    ],
)
def test_thoughts_of_others_and_empty_ones_do_not_go_along(thought):
    assert _message(ModelItem((thought, TextPart("Yes.")))) == {
        "role": "assistant",
        "content": "Yes.",
    }


def test_an_answer_of_thoughts_alone_is_left_out():
    assert encode_item(ModelItem((THOUGHT,))) == b""
    body = _body(_request(UserItem("a"), ModelItem((THOUGHT,)), UserItem("b")))
    assert [m["role"] for m in body["messages"]] == ["system", "user", "user"]


def test_each_result_is_a_message_of_its_own():
    results = [
        ToolResultItem("t1", "grep", "ok", "one", "grep_a1"),
        ToolResultItem("t2", "grep", "error", "two"),
    ]

    assert [_message(result) for result in results] == [
        {
            "role": "tool",
            "tool_call_id": call,
            "content": [{"type": "text", "text": text}],
        }
        for call, text in (("grep_a1", "one"), ("t2", "two"))
    ]


def test_pictures_are_shown_as_they_are_and_where_they_lie():
    png = ImagePart("image/png", "AAAA")
    parts = (TextPart("see"), png, ImagePart(url="https://h/x.png"))
    urls = ["data:image/png;base64,AAAA", "https://h/x.png"]

    assert _message(UserItem("see", parts=parts))["content"] == [
        {"type": "text", "text": "see"},
        *({"type": "image_url", "image_url": {"url": url}} for url in urls),
    ]


@pytest.mark.parametrize(
    ("choice", "sent"), [("required", "REQUIRED"), ("none", "NONE"), ("auto", None)]
)
def test_the_choice_of_tools_is_told_in_capitals(choice, sent):
    result = ToolResultItem("t1", "grep", "ok", "one", "grep_a1")
    body = _body(_request(UserItem("x"), ModelItem((CALL,)), result, choice=choice))

    assert body.get("tool_choice") == sent
    assert [tool["function"]["name"] for tool in body["tools"]] == ["grep"]


def test_a_certain_tool_cannot_be_asked_for():
    with pytest.raises(ProviderError, match="cohere has no named_tool") as caught:
        check_options(_request(choice=NamedTool("grep")), "cohere", CAPABILITIES)

    assert caught.value.fault == "unsupported"


def test_a_schema_goes_along_only_where_no_tools_do():
    schema = {"type": "object", "required": ["a"]}
    sent = {"type": "json_object", "json_schema": schema}

    assert _body(_request(tools=(), output_schema=schema))["response_format"] == sent
    # Tools that are not to be used are not shown before there are calls.
    last = _request(choice="none", output_schema=schema)
    assert _body(last)["response_format"] == sent
    with pytest.raises(ProviderError, match="output_schema beside tools") as caught:
        _body(_request(output_schema=schema))
    assert caught.value.fault == "unsupported"
