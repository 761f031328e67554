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
from podd.providers.gemini.contents import joined
from podd.providers.gemini.generations import generation_of
from podd.providers.gemini.request import encode_item
from podd.providers.gemini.signatures import kept

PNG = ImagePart("image/png", "iVBORw0KGgo=")
UNSIGNED = "skip_thought_signature_validator"


def _contents(*items, model="gemini-3-pro"):
    generation = generation_of(model)
    return msgspec.json.decode(
        joined([encode_item(item, generation) for item in items])
    )


def _parts(*parts, model="gemini-3-pro"):
    [content] = _contents(ModelItem(parts), model=model)
    assert content["role"] == "model"
    return content["parts"]


def _signature(data, text="", provider="gemini"):
    return ReasoningPart(text, data, provider)


def _call(name="look", identity="a1", arguments="{}"):
    return ToolCallPart("t1.1.1", name, arguments, identity)


def _result(name="look", identity="a1", text="said", status="ok", images=()):
    item = ToolResultItem("t1.1.1", name, status, text, identity)
    return msgspec.structs.replace(item, images=tuple(images)) if images else item


def test_a_signature_goes_back_on_the_part_that_it_came_on():
    parts = _parts(
        ReasoningPart("I think."),
        TextPart("I look"),
        _signature("c2ln"),
        TextPart(" around."),
        _signature("Y2FsbA=="),
        _call(),
        _call("grep", "a2"),
    )

    assert parts == [
        {"text": "I look"},
        {"text": " around.", "thoughtSignature": "c2ln"},
        {
            "functionCall": {"id": "a1", "name": "look", "args": {}},
            "thoughtSignature": "Y2FsbA==",
        },
        {"functionCall": {"id": "a2", "name": "grep", "args": {}}},
    ]


def test_a_signature_on_a_part_without_words_goes_back_on_such_a_part():
    parts = _parts(
        TextPart("Done."),
        _signature(kept("c2ln", "text")),
        _signature(kept("dGg=", "thought")),
    )

    assert parts == [
        {"text": "Done."},
        {"text": "", "thoughtSignature": "c2ln"},
        {"text": "", "thought": True, "thoughtSignature": "dGg="},
    ]


def test_a_signature_that_lost_its_part_is_still_sent():
    assert _parts(TextPart("Done."), _signature("c2ln")) == [
        {"text": "Done."},
        {"text": "", "thoughtSignature": "c2ln"},
    ]


def test_a_thought_goes_back_only_where_it_is_signed_itself():
    assert _parts(ReasoningPart("Hm."), TextPart("So.")) == [{"text": "So."}]
    assert _parts(_signature("c2ln", "Hm."), TextPart("So.")) == [
        {"text": "Hm.", "thought": True, "thoughtSignature": "c2ln"},
        {"text": "So."},
    ]


def test_calls_of_another_model_bear_the_documented_stand_in():
    strange = _signature("c2ln", provider="anthropic")

    parts = _parts(strange, TextPart("I look."), _call(), _call("grep", "a2"))

    # Of parallel calls the first one bears the signature.
    assert [part.get("thoughtSignature") for part in parts] == [None, UNSIGNED, None]


def test_models_that_know_no_signatures_are_shown_no_stand_in():
    for model in ("gemini-2.5-flash", "models/gemini-2.0-flash", "gemma-3-27b-it"):
        assert "thoughtSignature" not in _parts(_call(), model=model)[0]
    for model in ("gemini-3-pro", "gemini-flash-latest", "tunedModels/mine"):
        assert _parts(_call(), model=model)[0]["thoughtSignature"] == UNSIGNED


def test_ids_that_we_gave_are_not_shown_and_results_follow_in_order():
    call, other = _call("read", ""), _call("read", "")
    contents = _contents(
        UserItem("x"),
        ModelItem((call, other)),
        _result("read", "", "first"),
        _result("read", "", "second"),
    )

    assert [part["functionCall"]["name"] for part in contents[1]["parts"]] == [
        "read"
    ] * 2
    assert all("id" not in part["functionCall"] for part in contents[1]["parts"])
    assert contents[2]["parts"] == [
        {"functionResponse": {"name": "read", "response": {"output": "first"}}},
        {"functionResponse": {"name": "read", "response": {"output": "second"}}},
    ]


@pytest.mark.parametrize("status", ["error", "denied", "cancelled"])
def test_a_result_that_is_none_says_so(status):
    [content] = _contents(_result(status=status, text="no such file"))

    assert content["parts"] == [
        {
            "functionResponse": {
                "id": "a1",
                "name": "look",
                "response": {"error": "no such file"},
            }
        }
    ]


def test_what_follows_each_other_by_one_speaker_is_one_content():
    contents = _contents(
        UserItem("a"),
        UserItem("b"),
        ModelItem((TextPart("c"),)),
        ModelItem((ReasoningPart("nothing to send"),)),
        ModelItem((TextPart("d"),)),
        UserItem("e"),
    )

    assert [content["role"] for content in contents] == ["user", "model", "user"]
    assert [len(content["parts"]) for content in contents] == [2, 2, 1]


def test_pictures_stand_in_the_response_of_a_model_that_takes_them_there():
    [content] = _contents(_result(images=[PNG]))

    [part] = content["parts"]
    assert part["functionResponse"]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": PNG.data}}
    ]


def test_other_pictures_follow_behind_all_responses():
    far = ImagePart(url="https://h/x.PNG?y")
    contents = _contents(
        _result("look", "a1", images=[PNG]),
        _result("look", "a2", images=[far]),
        UserItem("and?"),
        model="gemini-2.5-pro",
    )

    [content] = contents
    assert [next(iter(part)) for part in content["parts"]] == [
        *("functionResponse", "functionResponse"),
        *("text", "inlineData", "text", "fileData", "text"),
    ]
    assert all("parts" not in p.get("functionResponse", {}) for p in content["parts"])
    assert content["parts"][-1] == {"text": "and?"}


def test_a_last_result_keeps_its_picture_too():
    [content] = _contents(_result(images=[PNG]), model="gemini-2.5-pro")

    assert [next(iter(part)) for part in content["parts"]] == [
        *("functionResponse", "text", "inlineData")
    ]


@pytest.mark.parametrize(
    ("image", "file"),
    [
        (
            ImagePart(url="https://h/x.jpg"),
            {"fileUri": "https://h/x.jpg", "mimeType": "image/jpeg"},
        ),
        (
            ImagePart("image/webp", url="https://h/x"),
            {"fileUri": "https://h/x", "mimeType": "image/webp"},
        ),
        (ImagePart(url="https://h/x"), {"fileUri": "https://h/x"}),
    ],
)
def test_a_picture_at_a_url_is_named_with_its_type(image, file):
    [content] = _contents(UserItem("", parts=(image,)))

    assert content["parts"] == [{"fileData": file}]


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("", {}),
        (" \n", {}),
        ('{"a":1.0}', {"a": 1.0}),
        ("[1]", {"invalid_arguments": "[1]"}),
        ('{"a', {"invalid_arguments": '{"a'}),
        ("{" * 500, {"invalid_arguments": "{" * 500}),
    ],
)
def test_arguments_are_always_an_object(text, args):
    [part] = _parts(_call(arguments=text))

    assert part["functionCall"]["args"] == args
