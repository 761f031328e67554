"""Bodies of requests, as Converse wants them."""

from __future__ import annotations

from typing import Any

import pytest

from podd.core.context.conversation import (
    ModelItem,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.core.context.request import NamedTool, ToolSpec
from podd.providers.bedrock.request import NO_TOOLS

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "us.amazon.nova-pro-v1:0"
LLAMA = "meta.llama3-70b-instruct-v1:0"
POINT = {"cachePoint": {"type": "default"}}
CALL = ToolCallPart("t1.1.1", "look", '{"x":1}', "a")
RESULT = ToolResultItem("t1.1.1", "look", "ok", "said", "a")


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
