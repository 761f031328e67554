"""Chats with the cohere SDK, the second version of the API.

https://docs.cohere.com/reference/chat
"""

from __future__ import annotations

from typing import Any

import cohere
from conversation import ANSWER, HELLO, LIMIT, LOOK, PICTURE_URL, PNG, READ_FILE, SYSTEM

DISTRIBUTION = "cohere"
REFUSED = cohere.BadRequestError

FIRST = {"role": "system", "content": SYSTEM}
ASKED = {"role": "user", "content": HELLO}


def _tool(name: str, description: str, schema: object) -> dict[str, Any]:
    function = {"name": name, "description": description, "parameters": schema}
    return {"type": "function", "function": function}


def _call(identity: str, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": identity, "type": "function", "function": function}


def _result(call: str, text: str) -> dict[str, Any]:
    content = [{"type": "text", "text": text}]
    return {"role": "tool", "tool_call_id": call, "content": content}


def _user(url: str) -> dict[str, Any]:
    content = [
        {"type": "text", "text": "before"},
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "text", "text": "after"},
    ]
    return {"messages": [FIRST, {"role": "user", "content": content}]}


def _option(**options: Any) -> dict[str, Any]:  # noqa: ANN401  # the SDK's own
    return {"messages": [FIRST, ASKED], **options}


TOOLS = [
    _tool("read_file", "Read a file.", READ_FILE),
    _tool("look", "Look around.", LOOK),
]
CALLING = {
    "role": "assistant",
    "tool_plan": "I look.",
    "tool_calls": [
        _call("call_a", "read_file", '{"path":"a"}'),
        _call("call_b", "look", "{}"),
    ],
}
RESULTS = [_result("call_a", "it says"), _result("call_b", "no such place")]
CALLED = [FIRST, ASKED, CALLING, *RESULTS]
THOUGHT = {"type": "thinking", "thinking": "Let me see."}

CASES: dict[str, dict[str, Any]] = {
    "text": _option(),
    "talk": {
        "messages": [
            FIRST,
            ASKED,
            {"role": "assistant", "content": "Hi."},
            {"role": "user", "content": "How are you?"},
        ]
    },
    "tools": _option(tools=TOOLS),
    "tool_results": {"messages": CALLED, "tools": TOOLS},
    "tools_unused": {"messages": CALLED, "tools": TOOLS, "tool_choice": "NONE"},
    "tool_required": _option(tools=TOOLS, tool_choice="REQUIRED"),
    "picture": _user(f"data:image/png;base64,{PNG}"),
    "picture_url": _user(PICTURE_URL),
    "reasoning": {
        "messages": [FIRST, ASKED, {**CALLING, "content": [THOUGHT]}, *RESULTS],
        "tools": TOOLS,
    },
    "temperature": _option(temperature=0.5),
    "top_p": _option(p=0.25),
    "top_k": _option(k=7),
    "stop": _option(stop_sequences=["END", "STOP"]),
    "budget": _option(thinking={"type": "enabled", "token_budget": 2048}),
    "schema": _option(response_format={"type": "json_object", "json_schema": ANSWER}),
}


def call(url: str, arguments: dict[str, Any], *, stream: bool) -> None:
    client = cohere.ClientV2(api_key="secret", base_url=url)
    patience = {"max_retries": 0}
    if stream:
        for _ in client.chat_stream(
            model="m", max_tokens=LIMIT, request_options=patience, **arguments
        ):
            pass
    else:
        client.chat(model="m", max_tokens=LIMIT, request_options=patience, **arguments)
