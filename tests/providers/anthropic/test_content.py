"""Parts as content blocks: nothing that the API refuses.

https://platform.claude.com/docs/en/api/messages/create
https://platform.claude.com/docs/en/build-with-claude/pdf-support
"""

from __future__ import annotations

import base64

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
)
from podd.errors import ProviderError
from podd.providers.anthropic.content import answer_blocks, result_block, user_blocks
from podd.providers.anthropic.seal import Seal, sealed

THOUGHT = ReasoningPart("Hm.", sealed(Seal(signature="c2ln")), "anthropic")
CALL = ToolCallPart("t1", "grep", '{"pattern": "x"}', "toolu_a")


def _answer(*parts):
    return msgspec.json.decode(msgspec.json.encode(answer_blocks(ModelItem(parts))))


@pytest.mark.parametrize("blank", ["", " ", "\n\t"])
def test_text_that_is_blank_is_left_out(blank):
    assert user_blocks([TextPart(blank), TextPart("x")]) == [
        {"type": "text", "text": "x"}
    ]
    assert _answer(TextPart(blank)) == []


def test_pictures_go_as_they_are_or_by_where_they_lie():
    shown = user_blocks([ImagePart("image/webp", "AA=="), ImagePart(url="https://h/x")])

    assert [block["source"] for block in shown] == [
        {"type": "base64", "media_type": "image/webp", "data": "AA=="},
        {"type": "url", "url": "https://h/x"},
    ]


def test_a_document_goes_as_it_is_and_text_as_text():
    text = base64.b64encode("Grüße".encode()).decode()
    parts = [
        DocumentPart("application/pdf", "JVBERi0x", "a.pdf"),
        DocumentPart("text/markdown", text),
    ]

    assert user_blocks(parts) == [
        {
            "type": "document",
            "source": {
                "type": "base64",
                "media_type": "application/pdf",
                "data": "JVBERi0x",
            },
            "title": "a.pdf",
        },
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "Grüße"},
        },
    ]


@pytest.mark.parametrize(
    ("part", "named", "offered"),
    [
        (ImagePart("image/bmp", "AA=="), "image/bmp", "image/png"),
        (ImagePart("", "AA=="), "''", "image/jpeg"),
        (DocumentPart("application/zip", "AA=="), "application/zip", "application/pdf"),
    ],
)
def test_a_type_that_nobody_can_look_at_is_refused_by_its_name(part, named, offered):
    with pytest.raises(ProviderError) as caught:
        user_blocks([part])

    assert caught.value.fault == "unsupported"
    assert named in caught.value.message
    assert offered in caught.value.message


def test_an_answer_goes_back_in_its_order():
    assert _answer(THOUGHT, TextPart("I look."), CALL) == [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "text", "text": "I look."},
        {
            "type": "tool_use",
            "id": "toolu_a",
            "name": "grep",
            "input": {"pattern": "x"},
        },
    ]


def test_no_answer_ends_in_a_thought():
    assert _answer(TextPart("So."), THOUGHT, THOUGHT) == [
        {"type": "text", "text": "So."}
    ]
    assert _answer(THOUGHT, TextPart(" ")) == []


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ("", {}),
        ('{"a": 1}', {"a": 1}),
        ('{"a":', {"invalid_arguments": '{"a":'}),
        ("[1]", {"invalid_arguments": "[1]"}),
        ("null", {"invalid_arguments": "null"}),
    ],
)
def test_arguments_go_back_as_an_object(arguments, sent):
    call = ToolCallPart("t1", "grep", arguments, "toolu_a")

    assert _answer(call)[0]["input"] == sent


@pytest.mark.parametrize(
    ("status", "failed"), [("ok", False), ("error", True), ("denied", True)]
)
def test_a_result_says_whether_it_failed(status, failed):
    block = result_block(ToolResultItem("t1", "grep", status, "said", "toolu_a"))

    assert block == {
        "type": "tool_result",
        "tool_use_id": "toolu_a",
        "content": [{"type": "text", "text": "said"}],
        **({"is_error": True} if failed else {}),
    }


def test_a_result_may_hold_pictures_or_nothing_at_all():
    image = ImagePart("image/png", "AA==")
    shown = ToolResultItem("t1", "look", "ok", "", "toolu_a", images=(image,))
    silent = ToolResultItem("t1", "look", "ok", " ", "toolu_a")

    assert [block["type"] for block in result_block(shown)["content"]] == ["image"]
    assert "content" not in result_block(silent)


def test_a_call_of_another_provider_and_its_result_agree_on_an_id():
    call = ToolCallPart("t1.1.2", "grep", "{}", "call_0")
    result = ToolResultItem("t1.1.2", "grep", "ok", "said", "call_0")

    found = _answer(call)[0]["id"]
    assert found == result_block(result)["tool_use_id"] == "t1-2e-1-2e-2"
