"""Bodies of requests: as Converse wants them, and as botocore's model of it does."""

from __future__ import annotations

from typing import Any

import botocore.loaders
import botocore.model
import botocore.validate
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
from podd.errors import ProviderError
from podd.providers.bedrock.blocks import encode_item
from podd.providers.bedrock.family import family_of
from podd.providers.bedrock.options import capabilities_of
from podd.providers.bedrock.request import NO_TOOLS, encode

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "us.amazon.nova-pro-v1:0"
LLAMA = "meta.llama3-70b-instruct-v1:0"
POINT = {"cachePoint": {"type": "default"}}
LOOK = ToolSpec("look", "Look around.", {"type": "object"})
CALL = ToolCallPart("t1.1.1", "look", '{"x":1}', "a")
RESULT = ToolResultItem("t1.1.1", "look", "ok", "said", "a")


@pytest.fixture(scope="module")
def shape() -> Any:
    loaded = botocore.loaders.Loader().load_service_model(
        "bedrock-runtime", "service-2"
    )
    service = botocore.model.ServiceModel(loaded, "bedrock-runtime")
    return service.operation_model("ConverseStream").input_shape


@pytest.fixture
def body(shape):
    """Build a body, and have botocore check its names and types."""

    def build(*items, model=CLAUDE, tools=(LOOK,), system="Be brief.", **more):
        choice = more.pop("choice", "auto")
        surface = Surface(model, system, tools, Sampling(**more))
        request = ModelRequest(surface, items or (UserItem("hello"),), choice)
        encoded = [encode_item(item, family_of(model)) for item in request.items]
        written = encode(request, encoded)
        assert written == encode(request, encoded)
        found = msgspec.json.decode(written)
        validated = {"modelId": model, **found}
        report = botocore.validate.ParamValidator().validate(validated, shape)
        assert not report.has_errors(), report.generate_report()
        return found

    return build


def _content(found: dict[str, Any], at: int = -1) -> list[dict[str, Any]]:
    """The blocks of a message, without the cache point that may end it."""
    content: list[dict[str, Any]] = found["messages"][at]["content"]
    return [block for block in content if block != POINT]


def test_roles_take_turns_and_a_step_s_results_are_one_message(body):
    second = ToolCallPart("t1.1.2", "look", "", "b")
    found = body(
        UserItem("one"),
        UserItem("two"),
        ModelItem((TextPart("I look."), CALL, second)),
        RESULT,
        ToolResultItem("t1.1.2", "look", "error", "no", "b"),
        UserItem("and?", "notification"),
        ModelItem((TextPart("Done."),)),
        UserItem("thanks"),
        model=LLAMA,
    )

    assert [message["role"] for message in found["messages"]] == [
        *("user", "assistant", "user", "assistant", "user")
    ]
    assert found["messages"][0]["content"] == [{"text": "one"}, {"text": "two"}]
    assert found["messages"][1]["content"] == [
        {"text": "I look."},
        {"toolUse": {"toolUseId": "a", "name": "look", "input": {"x": 1}}},
        {"toolUse": {"toolUseId": "b", "name": "look", "input": {}}},
    ]
    assert found["messages"][2]["content"] == [
        {"toolResult": {"toolUseId": "a", "content": [{"text": "said"}]}},
        {"toolResult": {"toolUseId": "b", "content": [{"text": "no"}]}},
        {"text": "and?"},
    ]


@pytest.mark.parametrize(
    ("model", "status", "told"),
    [
        (CLAUDE, "error", "error"),
        (CLAUDE, "denied", "error"),
        (CLAUDE, "ok", None),
        (NOVA, "interrupted", "error"),
        (LLAMA, "error", None),
    ],
)
def test_a_failed_result_says_so_to_models_that_take_it(body, model, status, told):
    result = ToolResultItem("t1.1.1", "look", status, "no", "a")

    found = body(UserItem("x"), ModelItem((CALL,)), result, model=model)

    assert _content(found)[0]["toolResult"].get("status") == told


def test_blank_texts_are_not_sent(body):
    found = body(
        UserItem("x"),
        ModelItem((TextPart("\n"), CALL)),
        ToolResultItem("t1.1.1", "look", "ok", " ", "a"),
        UserItem("  "),
        system=" ",
        model=LLAMA,
    )

    assert "system" not in found
    assert [len(message["content"]) for message in found["messages"]] == [1, 1, 1]
    assert found["messages"][2]["content"][0]["toolResult"]["content"] == []


def test_arguments_that_are_no_object_are_wrapped(body):
    for text in ('{"pa', "[1]", "nul", "{" * 200):
        call = ToolCallPart("t1.1.1", "look", text, "a")
        found = body(UserItem("x"), ModelItem((call,)), RESULT)
        use = found["messages"][1]["content"][0]["toolUse"]
        assert use["input"] == {"invalid_arguments": text}


@pytest.mark.parametrize(
    "provider_call", ["", "x" * 65, "call|with|pipes", "call_0", "call_12_", "é"]
)
def test_ids_that_do_not_fit_or_were_made_up_are_replaced_for_call_and_result(
    body, provider_call
):
    items = [UserItem("x")]
    for step in ("t1.1.1", "t2.1.1"):
        call = ToolCallPart(step, "look", "{}", provider_call)
        result = ToolResultItem(step, "look", "ok", "said", provider_call)
        items += [ModelItem((call,)), result]

    found = body(*items)

    called = [m["content"][0]["toolUse"]["toolUseId"] for m in found["messages"][1::2]]
    told = [m["content"][0]["toolResult"]["toolUseId"] for m in found["messages"][2::2]]
    assert called == told
    assert len(set(called)) == 2
    assert all(len(i) <= 64 and i.replace("_", "").isalnum() for i in called)


def test_a_document_has_a_name_of_its_own_and_text_beside_it(body):
    pdf = DocumentPart("application/pdf", "JVBERi0x", 'Q3 "plan"_é.pdf')
    found = body(
        UserItem("read", parts=(TextPart('read\0"'), pdf, pdf)),
        ModelItem((TextPart("Yes."),)),
        UserItem("", parts=(DocumentPart("text/plain", "eA=="),)),
        model=LLAMA,
    )

    first, _, last = found["messages"]
    assert first["content"][0] == {"text": 'read\0"'}
    documents = [
        b["document"] for b in (*first["content"], *last["content"]) if "document" in b
    ]
    assert [(d["format"], d["name"]) for d in documents] == [
        ("pdf", "Q3 plan pdf (1)"),
        ("pdf", "Q3 plan pdf (2)"),
        ("txt", "document (3)"),
    ]
    assert documents[0]["source"] == {"bytes": "JVBERi0x"}
    assert last["content"][0] == {"text": "document"}


def test_a_long_name_is_cut(body):
    part = DocumentPart("application/pdf", "eA==", "x" * 500)

    found = body(UserItem("r", parts=(TextPart("r"), part)))

    assert len(_content(found)[1]["document"]["name"]) <= 200


@pytest.mark.parametrize(
    "part",
    [
        ImagePart("image/tiff", "eA=="),
        ImagePart("", "eA=="),
        DocumentPart("application/zip", "eA=="),
    ],
)
def test_another_type_is_refused_by_its_name(body, part):
    with pytest.raises(ProviderError) as caught:
        body(UserItem("x", parts=(part,)))

    assert caught.value.fault == "unsupported"
    assert part.media_type in caught.value.message


def test_thoughts_go_back_to_the_maker_they_came_from(body):
    signed = ReasoningPart("Hm.", "anthropic signature c2ln", "bedrock")
    sealed = ReasoningPart("", "anthropic redacted AAEC", "bedrock")
    bare = ReasoningPart("Well.")
    foreign = ReasoningPart("So.", "anthropic signature c2ln", "anthropic")
    items = (
        UserItem("x"),
        ModelItem((signed, sealed, bare, foreign, CALL)),
        RESULT,
        ModelItem((signed,)),
    )

    def thoughts(model: str) -> list[Any]:
        content = body(*items, model=model)["messages"][1]["content"]
        return [b["reasoningContent"] for b in content if "reasoningContent" in b]

    assert thoughts(CLAUDE) == [
        {"reasoningText": {"text": "Hm.", "signature": "c2ln"}},
        {"redactedContent": "AAEC"},
    ]
    assert thoughts(NOVA) == []
    # An answer of thoughts alone is left out.
    assert body(*items)["messages"][-1]["role"] == "user"


def test_no_tool_is_said_where_tools_have_to_stay(body):
    items = (UserItem("x"), ModelItem((CALL,)), RESULT)

    found = body(*items, choice="none")
    assert len(found["toolConfig"]["tools"]) == 1
    assert "toolChoice" not in found["toolConfig"]
    # Behind the cache point, so that the prefix stays what it was.
    assert found["messages"][-1]["content"][-2:] == [POINT, {"text": NO_TOOLS}]
    assert "toolConfig" not in body(choice="none")
    assert NO_TOOLS not in str(body(*items))


def test_calls_of_tools_that_are_gone_keep_their_names(body):
    items = (UserItem("x"), ModelItem((CALL,)), RESULT)

    found = body(*items, tools=())

    (tool,) = found["toolConfig"]["tools"]
    assert tool["toolSpec"]["name"] == "look"
    assert _content(found)[-1] == {"text": NO_TOOLS}
    assert "toolConfig" not in body(tools=())


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("auto", None),
        ("required", {"any": {}}),
        (NamedTool("look"), {"tool": {"name": "look"}}),
    ],
)
def test_the_choice_of_a_tool_stands_inside_the_tools_configuration(body, choice, told):
    found = body(choice=choice)

    assert "toolChoice" not in found
    assert found["toolConfig"].get("toolChoice") == told


def test_a_tool_without_a_description_has_none(body):
    (tool, *_) = body(tools=(ToolSpec("x", "", {"type": "object"}),))["toolConfig"][
        "tools"
    ]

    assert "description" not in tool["toolSpec"]


def _points(found: dict[str, Any]) -> int:
    return str(found).count("'cachePoint'")


def test_points_stand_behind_what_stays(body):
    items = [UserItem("1"), ModelItem((CALL,)), RESULT, ModelItem((TextPart("2"),))]
    items += [UserItem("3"), ModelItem((TextPart("4"),)), UserItem("5")]

    found = body(*items)

    assert found["system"] == [{"text": "Be brief."}, POINT]
    marked = [m["content"][-1] == POINT for m in found["messages"]]
    assert marked == [False, False, False, False, True, False, True]
    assert _points(found) == 3
    assert _points(body(*items, system="")) == 3
    assert body(*items, system="")["toolConfig"]["tools"][-1] == POINT


def test_the_request_before_ended_where_a_point_stands_in_this_one(body):
    items = [UserItem("1")]
    former = body(*items)
    for step in range(4):
        call = ToolCallPart(f"t1.{step}", "look", "{}", f"id-{step}")
        result = ToolResultItem(f"t1.{step}", "look", "ok", "said", f"id-{step}")
        items += [ModelItem((call,)), result]
        found = body(*items)
        ended = found["messages"][len(former["messages"]) - 1]["content"]
        assert ended == former["messages"][-1]["content"]
        assert ended[-1] == POINT
        former = found


def test_nova_takes_no_point_behind_a_result_or_a_tool(body):
    items = (UserItem("x"), ModelItem((CALL,)), RESULT)

    found = body(*items, model=NOVA)
    assert POINT not in found["messages"][-1]["content"]
    assert found["messages"][0]["content"][-1] == POINT
    assert found["system"][-1] == POINT
    assert POINT not in body(*items, model=NOVA, system="")["toolConfig"]["tools"]


def test_other_models_get_no_points(body):
    assert _points(body(UserItem("x"), model=LLAMA)) == 0


EFFORT = {"effort": "low"}
BUDGET = {"budget_tokens": 2048}


@pytest.mark.parametrize(
    ("model", "asked", "fields", "effort"),
    [
        (CLAUDE, {"top_k": 7}, {"top_k": 7}, None),
        (
            CLAUDE,
            BUDGET,
            {"thinking": {"type": "enabled", "budget_tokens": 2048}},
            None,
        ),
        (CLAUDE, EFFORT, None, "low"),
        (
            "us.anthropic.claude-opus-4-6-v1",
            EFFORT,
            {"thinking": {"type": "adaptive"}},
            "low",
        ),
        (NOVA, {"top_k": 7}, {"inferenceConfig": {"topK": 7}}, None),
        (
            "us.amazon.nova-2-lite-v1:0",
            EFFORT,
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}},
            None,
        ),
        ("openai.gpt-oss-120b-1:0", EFFORT, {"reasoning_effort": "low"}, None),
        ("global.openai.gpt-5.6", EFFORT, {"reasoning": {"effort": "low"}}, None),
        ("moonshot.kimi-k2-thinking", EFFORT, {"reasoning_effort": "low"}, None),
        ("m", EFFORT, None, "low"),
    ],
)
def test_each_family_is_asked_in_its_own_words(body, model, asked, fields, effort):
    found = body(model=model, **asked)

    assert found.get("additionalModelRequestFields") == fields
    assert found.get("outputConfig", {}).get("effort") == effort


def test_what_a_family_has_no_word_for_is_no_capability():
    assert "reasoning_budget" not in capabilities_of(NOVA)
    assert "reasoning_effort" not in capabilities_of(LLAMA)
    assert "top_k" not in capabilities_of("m")
    assert "image_urls" not in capabilities_of(CLAUDE)


def test_without_options_nothing_is_said_about_them(body):
    assert set(body(tools=(), system="", model=LLAMA)) == {"messages"}


def test_a_schema_goes_along_as_text(body):
    schema = {"type": "object", "properties": {"é": {"type": "string"}}}

    told = body(output_schema=schema)["outputConfig"]["textFormat"]

    assert told["type"] == "json_schema"
    written = told["structure"]["jsonSchema"]["schema"]
    assert msgspec.json.decode(written) == schema


def test_a_result_may_hold_a_picture_alone(body):
    image = ImagePart("image/png", "iVBORw0KGgo=")
    result = ToolResultItem("t1.1.1", "look", "ok", "", "a", images=(image,))

    found = body(UserItem("x"), ModelItem((CALL,)), result)

    assert _content(found)[0]["toolResult"]["content"] == [
        {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}
    ]
