"""A request is what the Messages API takes.

https://platform.claude.com/docs/en/api/messages/create
https://platform.claude.com/docs/en/build-with-claude/structured-outputs
"""

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
from podd.providers.anthropic.request import (
    DEFAULT_MAX_TOKENS,
    capabilities_of,
    encode,
    encode_item,
)
from podd.providers.capabilities import check_options
from podd.providers.encoded_items import EncodedItems

MARK = {"type": "ephemeral"}
TOOL = ToolSpec(
    name="grep",
    description="Search.",
    schema={"type": "object", "properties": {"pattern": {"type": "string"}}},
)
CALL = ToolCallPart("t1", "grep", '{"pattern":"x"}', "toolu_a")
RESULT = ToolResultItem("t1", "grep", "ok", "found", "toolu_a")


def _body(
    *items, tools=(TOOL,), system="Be brief.", choice="auto", stream=True, **sampling
):
    request = ModelRequest(
        surface=Surface("m", system, tools, Sampling(**sampling)),
        items=items or (UserItem("hello"),),
        tool_choice=choice,
    )
    encoded = [encode_item(item) for item in request.items]
    return msgspec.json.decode(encode(request, encoded, stream=stream))


def _marks(value):
    """Count the marks, wherever they are."""
    if isinstance(value, dict):
        return ("cache_control" in value) + sum(map(_marks, value.values()))
    return sum(map(_marks, value)) if isinstance(value, list) else 0


def test_the_least_request():
    assert _body(tools=(), system="") == {
        "model": "m",
        "max_tokens": DEFAULT_MAX_TOKENS,
        "messages": [
            {
                "role": "user",
                "content": [{"type": "text", "text": "hello", "cache_control": MARK}],
            }
        ],
        "stream": True,
    }


def test_in_one_piece_no_stream_is_asked_for():
    assert "stream" not in _body(stream=False)


def test_tools_come_with_their_schema_and_the_system_prompt_as_a_block():
    body = _body()

    assert body["tools"] == [
        {"name": "grep", "description": "Search.", "input_schema": TOOL.schema}
    ]
    assert body["system"] == [
        {"type": "text", "text": "Be brief.", "cache_control": MARK}
    ]
    assert "tool_choice" not in body


@pytest.mark.parametrize("blank", ["", " \n"])
def test_without_a_system_prompt_the_tools_bear_the_mark(blank):
    body = _body(system=blank, tools=(ToolSpec("look", "Look.", {}), TOOL))

    assert "system" not in body
    assert [tool.get("cache_control") for tool in body["tools"]] == [None, MARK]


def test_there_are_never_more_than_four_marks():
    turns = [
        item for _ in range(9) for item in (UserItem("a"), ModelItem((TextPart("b"),)))
    ]

    assert _marks(_body(*turns, UserItem("c"))) == 4
    assert _marks(_body(*turns, UserItem("c"), system="")) == 4


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("required", {"type": "any"}),
        (NamedTool("grep"), {"type": "tool", "name": "grep"}),
    ],
)
def test_the_choice_of_tools(choice, sent):
    assert _body(choice=choice)["tool_choice"] == sent


def test_tools_that_are_not_to_be_used_stay_only_with_calls():
    bare = _body(choice="none")
    kept = _body(UserItem("x"), ModelItem((CALL,)), RESULT, choice="none")

    assert not {"tools", "tool_choice"} & set(bare)
    assert kept["tool_choice"] == {"type": "none"}
    assert kept["tools"] == _body()["tools"]


def test_options_by_their_names():
    body = _body(
        max_output_tokens=9,
        temperature=0.0,
        top_p=0.5,
        top_k=3,
        stop=("END",),
        effort="high",
        output_schema={"type": "object"},
    )

    assert (body["max_tokens"], body["temperature"], body["top_p"]) == (9, 0.0, 0.5)
    assert (body["top_k"], body["stop_sequences"]) == (3, ["END"])
    assert body["output_config"] == {
        "effort": "high",
        "format": {"type": "json_schema", "schema": {"type": "object"}},
    }


def test_a_budget_is_on_top_of_what_may_be_said():
    asked = _body(budget_tokens=50_000)
    bound = _body(budget_tokens=2_000, max_output_tokens=4_000)

    assert asked["thinking"] == {"type": "enabled", "budget_tokens": 50_000}
    assert asked["max_tokens"] == 50_000 + DEFAULT_MAX_TOKENS
    assert bound["max_tokens"] == 4_000


@pytest.mark.parametrize("name", ["temperature", "top_p", "top_k"])
def test_a_version_that_took_an_option_away_refuses_it_by_its_name(name):
    surface = Surface("m", "", (), Sampling(**{name: 1}))
    request = ModelRequest(surface, (UserItem("x"),))

    check_options(request, "anthropic", capabilities_of("2023-06-01"))
    with pytest.raises(ProviderError, match=name):
        check_options(request, "anthropic", capabilities_of("2026-10-21"))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((TextPart("Go on \n"),), ["Go on"]),
        ((TextPart("Go "), TextPart("on ")), ["Go ", "on"]),
        ((TextPart("Go "), TextPart(" ")), ["Go"]),
        ((TextPart("Go "), ReasoningPart("Hm.")), ["Go"]),
        ((TextPart("Go on"),), ["Go on"]),
    ],
)
def test_an_answer_to_be_gone_on_with_does_not_end_in_blanks(parts, words):
    for blank in ((), (UserItem(" "),)):
        last = _body(UserItem("x"), ModelItem(parts), *blank)["messages"][-1]

        assert last["role"] == "assistant"
        assert [block["text"] for block in last["content"]] == words


def test_blanks_in_the_middle_of_a_conversation_stay():
    body = _body(UserItem("x"), ModelItem((TextPart("y "),)), UserItem(" z "))

    assert body["messages"][1]["content"] == [{"type": "text", "text": "y "}]
    assert body["messages"][2]["content"][0]["text"] == " z "


def test_a_conversation_that_another_provider_began_can_go_on():
    thought = ReasoningPart("Hm.", "gAAAA", "openai_responses")
    items = []
    for step in (1, 2):
        # Both answers count their calls from 0.
        call = ToolCallPart(f"t1.{step}.1", "grep", "{}", "call_0")
        result = ToolResultItem(f"t1.{step}.1", "grep", "ok", "found", "call_0")
        items += [ModelItem((thought, call)), result]

    messages = _body(UserItem("x"), *items)["messages"]

    blocks = [block for message in messages for block in message["content"]]
    used = [block["id"] for block in blocks if block["type"] == "tool_use"]
    answered = [b["tool_use_id"] for b in blocks if b["type"] == "tool_result"]
    assert used == answered
    assert len(set(used)) == 2
    assert not [block for block in blocks if block["type"] == "thinking"]


def test_what_cannot_be_looked_at_is_refused_and_the_rest_kept():
    kept = EncodedItems(encode_item)
    strange = UserItem("x", parts=(ImagePart("image/tiff", "AA=="),))

    with pytest.raises(ProviderError, match="image/tiff"):
        kept.of([UserItem("a"), strange])
    assert len(kept.of([UserItem("a"), UserItem("b")])) == 2


def test_the_same_request_gives_the_same_bytes_and_a_longer_one_the_same_beginning():
    surface = Surface("m", "Be brief.", (TOOL,), Sampling(effort="low"))
    items = [UserItem("a"), ModelItem((CALL,)), RESULT, ModelItem((TextPart("b"),))]
    kept = EncodedItems(encode_item)

    def body(items, kept):
        return encode(ModelRequest(surface, items), kept.of(items))

    short = body(items[:3], kept)
    long = body([*items, UserItem("c")], kept)

    assert body([*items, UserItem("c")], EncodedItems(encode_item)) == long
    shared = short.index(b'],"thinking"')
    assert long[:shared] == short[:shared]
