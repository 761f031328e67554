"""The neutral conversations, tools and options that both sides are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from podd.core.context.conversation import (
    ConversationItem,
    DocumentPart,
    ImagePart,
    ModelItem,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
    UserPart,
)
from podd.core.context.request import (
    ModelRequest,
    NamedTool,
    Sampling,
    Surface,
    ToolChoice,
    ToolSpec,
)

TOOLS = (
    ToolSpec(
        "read_file",
        "Read a file.",
        {
            "type": "object",
            "properties": {"path": {"type": "string"}},
            "required": ["path"],
        },
    ),
    ToolSpec("look", "Look around.", {"type": "object", "properties": {}}),
)
ANSWER = {
    "type": "object",
    "properties": {"sound": {"type": "boolean"}},
    "required": ["sound"],
    "additionalProperties": False,
}
PNG = ImagePart("image/png", "iVBORw0KGgo=")
PDF = DocumentPart("application/pdf", "JVBERi0xLjQK", "a.pdf")

HELLO = UserItem("Hello. Grüße 🦭")
CALLS = (
    ToolCallPart("t1.1.1", "read_file", '{"path":"a"}', "call_a"),
    ToolCallPart("t1.1.2", "look", "{}", "call_b"),
)
RESULTS = (
    ToolResultItem("t1.1.1", "read_file", "ok", "it says", "call_a"),
    ToolResultItem("t1.1.2", "look", "error", "no such place", "call_b"),
)
CALLED = (HELLO, ModelItem((TextPart("I look."), *CALLS)), *RESULTS)

#: Some vendors want one, so all are given one.
LIMIT: Mapping[str, Any] = {"max_output_tokens": 4096}

#: A thought that a provider sealed, in the form in which its decoder keeps it.
SEALED: Mapping[str, str] = {
    "anthropic": '{"signature":"c2VhbGVk"}',
    "openai_responses": '{"type":"reasoning","encrypted_content":"c2VhbGVk",'
    '"summary":[{"type":"summary_text","text":"Let me see."}]}',
    "gemini": "c2VhbGVk",
    "cohere": "thinking",
    "bedrock": "unknown signature c2VhbGVk",
}


def _request(
    *items: ConversationItem,
    tools: tuple[ToolSpec, ...] = (),
    choice: ToolChoice = "auto",
    sampling: Sampling | None = None,
) -> ModelRequest:
    return ModelRequest(
        surface=Surface("m", "Be brief.", tools, sampling or Sampling(**LIMIT)),
        items=items or (HELLO,),
        tool_choice=choice,
        key="s.t1.1",
        session="s",
    )


def _shown(part: UserPart) -> ModelRequest:
    parts = (TextPart("before"), part, TextPart("after"))
    return _request(UserItem("before\n\nafter", parts=parts))


def _option(**options: Any) -> ModelRequest:  # noqa: ANN401  # of any type
    return _request(sampling=Sampling(**LIMIT, **options))


def _thought(provider: str) -> ModelRequest:
    sealed = SEALED.get(provider)
    thought = (
        ReasoningPart("Let me see.")
        if sealed is None
        else ReasoningPart("Let me see.", sealed, provider)
    )
    answer = ModelItem((thought, TextPart("I look."), *CALLS))
    return _request(HELLO, answer, *RESULTS, tools=TOOLS)


def _picture_in_result(_provider: str) -> ModelRequest:
    result = ToolResultItem(
        "t1.1.1", "read_file", "ok", "a picture", "call_a", images=(PNG,)
    )
    answer = ModelItem((TextPart("I look."), CALLS[0]))
    return _request(HELLO, answer, result, tools=TOOLS)


CASES: Mapping[str, Callable[[str], ModelRequest]] = {
    "text": lambda _provider: _request(),
    "talk": lambda _provider: _request(
        HELLO, ModelItem((TextPart("Hi."),)), UserItem("How are you?")
    ),
    "tools": lambda _provider: _request(tools=TOOLS),
    "tool_results": lambda _provider: _request(*CALLED, tools=TOOLS),
    "tools_unused": lambda _provider: _request(*CALLED, tools=TOOLS, choice="none"),
    "tool_required": lambda _provider: _request(tools=TOOLS, choice="required"),
    "tool_named": lambda _provider: _request(tools=TOOLS, choice=NamedTool("look")),
    "picture": lambda _provider: _shown(PNG),
    "picture_url": lambda _provider: _shown(
        ImagePart(url="https://example.com/x.png", media_type="image/png")
    ),
    "document": lambda _provider: _shown(PDF),
    "picture_in_result": _picture_in_result,
    "reasoning": _thought,
    "temperature": lambda _provider: _option(temperature=0.5),
    "top_p": lambda _provider: _option(top_p=0.25),
    "top_k": lambda _provider: _option(top_k=7),
    "stop": lambda _provider: _option(stop=("END", "STOP")),
    "effort": lambda _provider: _option(effort="low"),
    "budget": lambda _provider: _option(budget_tokens=2048),
    "schema": lambda _provider: _option(output_schema=ANSWER),
}
"""By name; each is told which provider it is for."""
