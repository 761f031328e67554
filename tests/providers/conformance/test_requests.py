"""What a provider sends, as the vendor's side understands it."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.context.conversation import (
    ImagePart,
    ModelItem,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.core.context.request import (
    NamedTool,
)
from tests.providers.conformance.dialect import Said
from tests.providers.conformance.exchange import (
    PDF,
    PNG,
    SCHEMA,
    TOOLS,
    as_called,
    asked,
    those,
)


async def test_results_go_back_to_their_calls(dialect, ask):
    calls = as_called(dialect)
    results = [
        ToolResultItem(call.call, call.name, status, text, call.provider_call)
        for call, status, text in zip(
            calls,
            ("ok", "error", "denied"),
            ("it says", "no such file", "not yours"),
            strict=True,
        )
    ]
    items = (UserItem("look"), ModelItem((TextPart("I look."), *calls)), *results)
    items += (UserItem("and?", "notification"),)

    _, request = await ask(Said((TextPart("Done."),)), asked(*items))

    def identity(call):
        return call.provider_call if dialect.has_ids else call.name

    assert request.items == [
        ("user", "text", "look"),
        ("model", "text", "I look."),
        *(
            ("model", "call", identity(c), c.name, msgspec.json.decode(c.arguments))
            for c in calls
        ),
        *(
            ("result", identity(c), result.text)
            for c, result in zip(calls, results, strict=True)
        ),
        ("user", "text", "and?"),
    ]


async def test_arguments_that_are_broken_go_back_as_an_object(dialect, ask):
    call = ToolCallPart("t1.1.1", "look", '{"pa', "call_a")
    result = ToolResultItem("t1.1.1", "look", "error", "broken", "call_a")

    heard, request = await ask(
        Said((TextPart("Sorry."),)), asked(UserItem("x"), ModelItem((call,)), result)
    )

    assert heard.error is None, heard.error
    assert request.items[1][-1] == {"invalid_arguments": '{"pa'}


async def test_pictures_and_documents_are_shown_where_they_can_be_seen(dialect, ask):
    for name, part, seen in (
        ("images", PNG, ("user", "image", PNG.media_type, PNG.data)),
        (
            "image_urls",
            ImagePart(url="https://h/x.png"),
            ("user", "image_url", "https://h/x.png"),
        ),
        ("documents", PDF, ("user", "document", PDF.media_type, PDF.data)),
    ):
        parts = (TextPart("before"), part, TextPart("after"))
        item = UserItem("before\n\nafter", parts=parts)
        if name not in dialect.capabilities:
            heard, _ = await ask(Said((TextPart("?"),)), asked(item))
            assert (heard.fault, name in heard.error.message) == ("unsupported", True)
            continue
        heard, request = await ask(Said((TextPart("I see."),)), asked(item))
        assert heard.error is None, heard.error
        assert request.items == [
            ("user", "text", "before"),
            seen,
            ("user", "text", "after"),
        ]


@those(lambda dialect: "tool_result_images" in dialect.capabilities)
async def test_a_result_may_hold_a_picture(dialect, ask):
    call = as_called(dialect)[0]
    result = ToolResultItem(
        call.call, call.name, "ok", "a picture", call.provider_call, images=(PNG,)
    )

    _, request = await ask(
        Said((TextPart("I see."),)), asked(UserItem("x"), ModelItem((call,)), result)
    )

    assert ("result", call.provider_call, "a picture") in request.items or (
        "result",
        call.name,
        "a picture",
    ) in request.items
    assert any(item[-2:] == (PNG.media_type, PNG.data) for item in request.items)


OPTIONS = {
    "temperature": {"temperature": 0.5},
    "top_p": {"top_p": 0.25},
    "top_k": {"top_k": 7},
    "stop": {"stop": ("END", "STOP")},
    "reasoning_effort": {"effort": "low"},
    "reasoning_budget": {"budget_tokens": 2048},
    "output_schema": {"output_schema": SCHEMA},
}


@pytest.mark.parametrize("option", OPTIONS)
async def test_an_option_is_sent_or_refused_by_its_name(dialect, ask, option):
    wanted = {"max_output_tokens": 4096} | OPTIONS[option]
    heard, request = await ask(Said((TextPart('{"sound":true}'),)), asked(**wanted))
    if option not in dialect.capabilities:
        assert (heard.fault, request) == ("unsupported", None)
        assert option in heard.error.message
        return
    if heard.fault == "unsupported":
        # There are vendors that take it, but not in a request that has tools.
        assert request is None
        assert f"{option} beside tools" in heard.error.message
        heard, request = await ask(
            Said((TextPart('{"sound":true}'),)), asked(tools=(), **wanted)
        )
    assert heard.error is None, heard.error
    sent = {k: v for k, v in request.options.items() if k in wanted}
    assert sent == {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in wanted.items()
    }


@pytest.mark.parametrize("choice", ["auto", "required", "none", NamedTool("look")])
async def test_the_choice_of_tools_is_told(dialect, ask, choice):
    needed = "named_tool" if isinstance(choice, NamedTool) else "tool_choice"
    if choice not in {"auto", "none"} and needed not in dialect.capabilities:
        heard, request = await ask(Said((TextPart("?"),)), asked(choice=choice))
        assert (heard.fault, request) == ("unsupported", None)
        assert needed in heard.error.message
        return
    call = as_called(dialect)[0]
    result = ToolResultItem(call.call, call.name, "ok", "said", call.provider_call)

    _, request = await ask(
        Said((TextPart("Done."),)),
        asked(UserItem("x"), ModelItem((call,)), result, choice=choice),
    )
    _, first = await ask(Said((TextPart("Done."),)), asked(choice=choice))

    assert request.choice == choice
    assert [tool.name for tool in request.tools] == ["read_file", "look"]
    assert first.tools == ([] if choice == "none" else list(TOOLS))
