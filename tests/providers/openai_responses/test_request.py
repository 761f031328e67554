from __future__ import annotations

import msgspec
import pytest

from podd.core.context.conversation import (
    DocumentPart,
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
from podd.providers.encoded_items import EncodedItems
from podd.providers.openai_responses.replay import SealedThought, SpokenPhase, write
from podd.providers.openai_responses.request import encode, encode_item

TOOL = ToolSpec(
    name="grep",
    description="Search.",
    schema={"type": "object", "properties": {"pattern": {"type": "string"}}},
)
CALL = ToolCallPart("t1", "grep", '{"pattern":"x"}', "call_abc")
PNG = ImagePart("image/png", "iVBORw0KGgo=")


def _body(
    *items, model="m", tools=(TOOL,), system="Be brief.", choice="auto", **sampling
):
    request = ModelRequest(
        surface=Surface(model, system, tools, Sampling(**sampling)),
        items=items or (UserItem("hello"),),
        tool_choice=choice,
    )
    return msgspec.json.decode(
        encode(request, EncodedItems(encode_item).of(request.items))
    )


def _input(*items):
    return _body(*items)["input"]


def _kept(what) -> ReasoningPart:
    return ReasoningPart("", write(what), "openai_responses")


def test_a_first_request_is_complete():
    assert _body() == {
        "model": "m",
        "store": False,
        "instructions": "Be brief.",
        "tools": [
            {
                "type": "function",
                "name": "grep",
                "description": "Search.",
                "parameters": TOOL.schema,
                "strict": False,
            }
        ],
        "input": [{"role": "user", "content": "hello"}],
        "include": ["reasoning.encrypted_content"],
        "stream": True,
    }


def test_all_options_stand_where_the_api_has_them():
    schema = {"type": "object", "properties": {}}
    body = _body(
        max_output_tokens=100,
        temperature=0.0,
        top_p=0.5,
        effort="high",
        output_schema=schema,
    )

    assert body["max_output_tokens"] == 100
    assert (body["temperature"], body["top_p"]) == (0.0, 0.5)
    # No summary: it is refused until an organisation is verified.
    assert body["reasoning"] == {"effort": "high"}
    assert body["text"] == {
        "format": {
            "type": "json_schema",
            "name": "answer",
            "schema": schema,
            "strict": False,
        }
    }


def test_nothing_is_sent_that_was_not_asked_for():
    request = ModelRequest(Surface("m", "", ()), (UserItem("hello"),))
    body = encode(request, [encode_item(item) for item in request.items], stream=False)

    assert set(msgspec.json.decode(body)) == {"model", "store", "input", "include"}


def test_the_session_is_a_key_to_the_cache_where_that_is_known():
    request = ModelRequest(Surface("m", "", ()), (UserItem("hello"),))
    body = encode(request, [], cache_key="s1")

    assert msgspec.json.decode(body)["prompt_cache_key"] == "s1"


@pytest.mark.parametrize(
    ("model", "thinks"),
    [
        ("gpt-5-mini", True),
        ("gpt-5.3-codex", True),
        ("o3", True),
        ("gpt-6-astra", True),
        ("gpt-oss-120b", True),
        ("gpt-4o", False),
        ("gpt-4.1-mini", False),
        ("ft:gpt-4o-mini:me::1", False),
        ("openai/gpt-4o", False),
        ("gpt-5-chat-latest", False),
        ("chatgpt-4o-latest", False),
    ],
)
def test_models_that_do_not_think_are_not_asked_for_thoughts(model, thinks):
    assert ("include" in _body(model=model)) is thinks


def test_who_is_to_make_an_effort_thinks():
    assert "include" in _body(model="gpt-4-deployment", effort="low")


def test_tools_without_arguments_are_objects_with_no_properties():
    bare = ToolSpec("look", "Look.", {"type": "object"})

    (tool,) = _body(tools=(bare,))["tools"]

    assert tool["parameters"] == {"type": "object", "properties": {}}
    assert bare.schema == {"type": "object"}


def test_one_tool_may_be_named():
    body = _body(choice=NamedTool("grep"))

    assert body["tool_choice"] == {"type": "function", "name": "grep"}


def test_pictures_and_files_of_a_person_are_parts():
    parts = (
        TextPart("see"),
        PNG,
        ImagePart(url="https://h/x"),
        DocumentPart("application/pdf", "JVBERi0x"),
    )
    assert _input(UserItem("see", parts=parts)) == [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "see"},
                {
                    "type": "input_image",
                    "image_url": "data:image/png;base64,iVBORw0KGgo=",
                    "detail": "auto",
                },
                {"type": "input_image", "image_url": "https://h/x", "detail": "auto"},
                {
                    "type": "input_file",
                    "filename": "document",
                    "file_data": "data:application/pdf;base64,JVBERi0x",
                },
            ],
        }
    ]


def test_a_result_is_text_or_text_with_pictures():
    plain = ToolResultItem("t1", "grep", "ok", "found", "call_abc")
    shown = msgspec.structs.replace(plain, images=(PNG,))
    ours = msgspec.structs.replace(plain, provider_call="")

    first, second, third = _input(plain, shown, ours)

    assert first == {
        "type": "function_call_output",
        "call_id": "call_abc",
        "output": "found",
    }
    assert [part["type"] for part in second["output"]] == ["input_text", "input_image"]
    assert third["call_id"] == "t1"


def test_an_id_that_is_too_long_for_this_api_is_replaced_on_both_sides():
    long = "x" * 65
    call = msgspec.structs.replace(CALL, provider_call=long)

    sent = _input(ModelItem((call,)), ToolResultItem("t1", "grep", "ok", "x", long))

    assert [item["call_id"] for item in sent] == ["t1", "t1"]


def test_a_thought_goes_back_before_what_it_led_to_and_without_ids():
    summary = [{"type": "summary_text", "text": "Hm."}]
    other = msgspec.structs.replace(CALL, call="t2", provider_call="call_def")
    item = ModelItem(
        (
            _kept(SealedThought("one", summary)),
            CALL,
            _kept(SealedThought("two")),
            other,
            TextPart("Done."),
        )
    )

    assert _input(item) == [
        {"type": "reasoning", "summary": summary, "encrypted_content": "one"},
        {
            "type": "function_call",
            "call_id": "call_abc",
            "name": "grep",
            "arguments": '{"pattern":"x"}',
        },
        {"type": "reasoning", "summary": [], "encrypted_content": "two"},
        {
            "type": "function_call",
            "call_id": "call_def",
            "name": "grep",
            "arguments": '{"pattern":"x"}',
        },
        {"role": "assistant", "content": "Done."},
    ]


def test_a_thought_that_led_to_nothing_is_not_sent():
    thought = _kept(SealedThought("one"))
    cut = ModelItem((CALL, thought))

    assert _input(ModelItem((thought,)), UserItem("go on")) == [
        {"role": "user", "content": "go on"}
    ]
    assert [item["type"] for item in _input(cut)] == ["function_call"]


@pytest.mark.parametrize(
    "thought",
    [
        ReasoningPart("Hm."),
        ReasoningPart("Hm.", "c2lnbmVk", "anthropic"),
        ReasoningPart("Hm.", write(SealedThought("one")), "azure_openai"),
        ReasoningPart("Hm.", "not ours", "openai_responses"),
    ],
)
def test_thoughts_of_others_are_not_shown(thought):
    item = ModelItem((TextPart("A "), thought, TextPart("b."), CALL))

    said, called = _input(item)

    assert said == {"role": "assistant", "content": "A b."}
    assert called["type"] == "function_call"


def test_a_message_keeps_the_phase_that_it_was_said_in():
    item = ModelItem(
        (
            _kept(SealedThought("one")),
            _kept(SpokenPhase("commentary")),
            TextPart("I look."),
            CALL,
            TextPart("No phase."),
        )
    )

    thought, said, _, later = _input(item)

    assert thought["type"] == "reasoning"
    assert said == {"role": "assistant", "content": "I look.", "phase": "commentary"}
    assert later == {"role": "assistant", "content": "No phase."}


def test_answers_without_words_leave_nothing_behind():
    assert _input(ModelItem((TextPart(""),)), UserItem("x")) == [
        {"role": "user", "content": "x"}
    ]


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [("", "{}"), ('{"pa', '{"invalid_arguments":"{\\"pa"}'), ("[1]", None)],
)
def test_arguments_go_back_as_text_that_holds_an_object(arguments, sent):
    (call,) = _input(ModelItem((msgspec.structs.replace(CALL, arguments=arguments),)))

    assert isinstance(msgspec.json.decode(call["arguments"]), dict)
    assert call["arguments"] == sent or sent is None


def test_a_request_begins_with_all_of_the_one_before():
    items = (UserItem("a"), ModelItem((_kept(SealedThought("x")), CALL)))
    more = (*items, ToolResultItem("t1", "grep", "ok", "found", "call_abc"))

    assert _input(*more)[: len(_input(*items))] == _input(*items)
