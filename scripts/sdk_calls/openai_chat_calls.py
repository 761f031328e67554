"""Chat completions with the openai SDK.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from typing import Any

import openai

DISTRIBUTION = "openai"
REFUSED = openai.BadRequestError

from conversation import ANSWER, HELLO, LIMIT, LOOK, PICTURE_URL, READ_FILE, SYSTEM
from conversation import PDF as PDF_DATA
from conversation import PNG as PNG_DATA

PNG = f"data:image/png;base64,{PNG_DATA}"
PDF = f"data:application/pdf;base64,{PDF_DATA}"

FIRST = {"role": "system", "content": SYSTEM}
ASKED = {"role": "user", "content": HELLO}


def _tool(name: str, description: str, schema: object) -> dict[str, Any]:
    function = {"name": name, "description": description, "parameters": schema}
    return {"type": "function", "function": function}


TOOLS = [
    _tool("read_file", "Read a file.", READ_FILE),
    _tool("look", "Look around.", LOOK),
]
CALLS = [
    {
        "id": "call_a",
        "type": "function",
        "function": {"name": "read_file", "arguments": '{"path":"a"}'},
    },
    {
        "id": "call_b",
        "type": "function",
        "function": {"name": "look", "arguments": "{}"},
    },
]
CALLED = [
    FIRST,
    ASKED,
    {"role": "assistant", "content": "I look.", "tool_calls": CALLS},
    {"role": "tool", "tool_call_id": "call_a", "content": "it says"},
    {"role": "tool", "tool_call_id": "call_b", "content": "no such place"},
]


def _user(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    text = ({"type": "text", "text": "before"}, {"type": "text", "text": "after"})
    return [FIRST, {"role": "user", "content": [text[0], *parts, text[1]]}]


def _option(**options: Any) -> dict[str, Any]:  # noqa: ANN401  # the SDK's own
    return {"messages": [FIRST, ASKED], **options}


CASES: dict[str, dict[str, Any]] = {
    "text": {"messages": [FIRST, ASKED]},
    "talk": {
        "messages": [
            FIRST,
            ASKED,
            {"role": "assistant", "content": "Hi."},
            {"role": "user", "content": "How are you?"},
        ]
    },
    "tools": {"messages": [FIRST, ASKED], "tools": TOOLS},
    "tool_results": {"messages": CALLED, "tools": TOOLS},
    "tools_unused": {"messages": CALLED, "tools": TOOLS, "tool_choice": "none"},
    "tool_required": {
        "messages": [FIRST, ASKED],
        "tools": TOOLS,
        "tool_choice": "required",
    },
    "tool_named": {
        "messages": [FIRST, ASKED],
        "tools": TOOLS,
        "tool_choice": {"type": "function", "function": {"name": "look"}},
    },
    "picture": {
        "messages": _user({"type": "image_url", "image_url": {"url": PNG}}),
    },
    "picture_url": {
        "messages": _user({"type": "image_url", "image_url": {"url": PICTURE_URL}}),
    },
    "document": {
        "messages": _user(
            {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}}
        ),
    },
    # A tool's message takes text alone, so the picture follows in one of the user's.
    "picture_in_result": {
        "messages": [
            FIRST,
            ASKED,
            {"role": "assistant", "content": "I look.", "tool_calls": CALLS[:1]},
            {"role": "tool", "tool_call_id": "call_a", "content": "a picture"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What read_file returned with it:"},
                    {"type": "image_url", "image_url": {"url": PNG}},
                ],
            },
        ],
        "tools": TOOLS,
    },
    # Nothing of what was thought goes back.
    "reasoning": {"messages": CALLED, "tools": TOOLS},
    "temperature": _option(temperature=0.5),
    "top_p": _option(top_p=0.25),
    "stop": _option(stop=["END", "STOP"]),
    "effort": _option(reasoning_effort="low"),
    "schema": _option(
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": ANSWER},
        }
    ),
}


def call(url: str, arguments: dict[str, Any], *, stream: bool) -> None:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="secret", max_retries=0)
    if stream:
        arguments = {
            **arguments,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    client.chat.completions.create(model="m", max_tokens=LIMIT, **arguments)
