"""Messages with the anthropic SDK.

https://platform.claude.com/docs/en/api/messages/create
"""

from __future__ import annotations

from typing import Any

import anthropic
from conversation import (
    ANSWER,
    HELLO,
    LIMIT,
    LOOK,
    PDF,
    PICTURE_URL,
    PNG,
    READ_FILE,
    SYSTEM,
)

DISTRIBUTION = "anthropic"
REFUSED = anthropic.BadRequestError


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _said(role: str, *content: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(content)}


ASKED = _said("user", _text(HELLO))
TOOLS = [
    {"name": "read_file", "description": "Read a file.", "input_schema": READ_FILE},
    {"name": "look", "description": "Look around.", "input_schema": LOOK},
]
PICTURE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": PNG},
}
THOUGHT = {"type": "thinking", "thinking": "Let me see.", "signature": "c2VhbGVk"}
CALLS = [
    {"type": "tool_use", "id": "call_a", "name": "read_file", "input": {"path": "a"}},
    {"type": "tool_use", "id": "call_b", "name": "look", "input": {}},
]


def _result(call: str, *content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call, "content": list(content)}


RESULTS = _said(
    "user",
    _result("call_a", _text("it says")),
    _result("call_b", _text("no such place")) | {"is_error": True},
)
CALLED = [ASKED, _said("assistant", _text("I look."), *CALLS), RESULTS]


def _user(part: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [_said("user", _text("before"), part, _text("after"))]}


def _option(**options: Any) -> dict[str, Any]:  # noqa: ANN401  # the SDK's own
    return {"messages": [ASKED], **options}


CASES: dict[str, dict[str, Any]] = {
    "text": _option(),
    "talk": {
        "messages": [
            ASKED,
            _said("assistant", _text("Hi.")),
            _said("user", _text("How are you?")),
        ]
    },
    "tools": _option(tools=TOOLS),
    "tool_results": {"messages": CALLED, "tools": TOOLS},
    "tools_unused": {
        "messages": CALLED,
        "tools": TOOLS,
        "tool_choice": {"type": "none"},
    },
    "tool_required": _option(tools=TOOLS, tool_choice={"type": "any"}),
    "tool_named": _option(tools=TOOLS, tool_choice={"type": "tool", "name": "look"}),
    "picture": _user(PICTURE),
    "picture_url": _user(
        {"type": "image", "source": {"type": "url", "url": PICTURE_URL}}
    ),
    "document": _user(
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
            "title": "a.pdf",
        }
    ),
    "picture_in_result": {
        "messages": [
            ASKED,
            _said("assistant", _text("I look."), CALLS[0]),
            _said("user", _result("call_a", _text("a picture"), PICTURE)),
        ],
        "tools": TOOLS,
    },
    "reasoning": {
        "messages": [
            ASKED,
            _said("assistant", THOUGHT, _text("I look."), *CALLS),
            RESULTS,
        ],
        "tools": TOOLS,
    },
    # The newest version of the API has these no more, nor has the SDK; older ones do.
    "temperature": _option(extra_body={"temperature": 0.5}),
    "top_p": _option(extra_body={"top_p": 0.25}),
    "top_k": _option(extra_body={"top_k": 7}),
    "stop": _option(stop_sequences=["END", "STOP"]),
    "effort": _option(
        thinking={"type": "adaptive", "display": "summarized"},
        output_config={"effort": "low"},
    ),
    "budget": _option(thinking={"type": "enabled", "budget_tokens": 2048}),
    "schema": _option(
        output_config={"format": {"type": "json_schema", "schema": ANSWER}}
    ),
}


def call(url: str, arguments: dict[str, Any], *, stream: bool) -> None:
    client = anthropic.Anthropic(base_url=url, api_key="secret", max_retries=0)
    if stream:
        arguments = {**arguments, "stream": True}
    client.messages.create(
        model="m", max_tokens=LIMIT, system=[_text(SYSTEM)], **arguments
    )
