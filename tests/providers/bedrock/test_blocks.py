"""Items of a conversation, as content blocks."""

from __future__ import annotations

import re
from typing import Any

import pytest

from podd.core.context.conversation import (
    DocumentPart,
    ImagePart,
    ModelItem,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.errors import ProviderError

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
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in called)


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


def test_a_result_may_hold_a_picture_alone(body):
    image = ImagePart("image/png", "iVBORw0KGgo=")
    result = ToolResultItem("t1.1.1", "look", "ok", "", "a", images=(image,))

    found = body(UserItem("x"), ModelItem((CALL,)), result)

    assert _content(found)[0]["toolResult"]["content"] == [
        {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}
    ]
