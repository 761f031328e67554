from __future__ import annotations

import msgspec
import pytest

from podd.core.context.conversation import DocumentPart, ImagePart, TextPart, UserItem
from podd.core.context.request import (
    ModelRequest,
    NamedTool,
    Sampling,
    Surface,
    ToolSpec,
)
from podd.providers.gemini.request import encode, encode_item

#: Much of it would be refused in the other field, `parameters`.
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"at": {"type": ["string", "null"], "const": "x"}},
    "additionalProperties": False,
    "oneOf": [{"required": ["at"]}],
}
TOOL = ToolSpec("look", "Look around.", SCHEMA)


def _body(*items, choice="auto", system="Be brief.", tools=(TOOL,), **sampling):
    surface = Surface("gemini-3-pro", system, tools, Sampling(**sampling))
    request = ModelRequest(surface, items or (UserItem("hello"),), choice)
    return encode(request, [encode_item(item) for item in request.items])


def _read(*items, **more):
    return msgspec.json.decode(_body(*items, **more))


def test_a_plain_request_says_no_more_than_it_must():
    assert _read(tools=()) == {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [{"text": "hello"}]}],
    }
    assert "systemInstruction" not in _read(system="")


def test_a_tools_schema_goes_where_json_schema_is_taken_as_it_is():
    assert _read()["tools"] == [
        {
            "functionDeclarations": [
                {
                    "name": "look",
                    "description": "Look around.",
                    "parametersJsonSchema": SCHEMA,
                }
            ]
        }
    ]


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        ("required", {"mode": "ANY"}),
        (NamedTool("look"), {"mode": "ANY", "allowedFunctionNames": ["look"]}),
    ],
)
def test_a_choice_of_tools_is_a_mode(choice, config):
    assert _read(choice=choice)["toolConfig"] == {"functionCallingConfig": config}


def test_options_stand_in_the_configuration():
    config = _read(
        max_output_tokens=9, temperature=0.0, top_p=0.5, top_k=3, stop=("END",)
    )["generationConfig"]

    assert config == {
        "maxOutputTokens": 9,
        "temperature": 0.0,
        "topP": 0.5,
        "topK": 3,
        "stopSequences": ["END"],
    }


@pytest.mark.parametrize(
    ("sampling", "config"),
    [
        ({"effort": "low"}, {"thinkingLevel": "LOW", "includeThoughts": True}),
        ({"budget_tokens": 99}, {"thinkingBudget": 99, "includeThoughts": True}),
        ({"budget_tokens": -1}, {"thinkingBudget": -1, "includeThoughts": True}),
        ({"budget_tokens": 0}, {"thinkingBudget": 0}),
    ],
)
def test_thinking_is_asked_for_and_to_be_told(sampling, config):
    assert _read(**sampling)["generationConfig"] == {"thinkingConfig": config}


def test_a_schema_of_the_answer_goes_as_json_schema_too():
    assert _read(output_schema=SCHEMA)["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
    }


def test_pictures_and_documents_are_data_among_the_words():
    parts = (
        TextPart("see"),
        ImagePart("image/png", "iVBO"),
        DocumentPart("application/pdf", "JVBE", "a.pdf"),
    )

    [content] = _read(UserItem("see", parts=parts))["contents"]
    assert content["parts"] == [
        {"text": "see"},
        {"inlineData": {"mimeType": "image/png", "data": "iVBO"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBE"}},
    ]


def test_the_same_request_is_the_same_bytes_and_a_longer_one_begins_alike():
    first = _body(UserItem("a"))

    assert first == _body(UserItem("a"))
    longer = _body(UserItem("a"), UserItem("b"))
    assert longer.startswith(first.partition(b"]}]")[0])
