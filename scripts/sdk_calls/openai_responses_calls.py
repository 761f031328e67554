"""The Responses API with the openai SDK, nothing stored at the vendor's.

https://platform.openai.com/docs/api-reference/responses/create
"""

from __future__ import annotations

from typing import Any

import openai
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

DISTRIBUTION = "openai"
REFUSED = openai.BadRequestError

ASKED = {"role": "user", "content": HELLO}
PICTURE = {
    "type": "input_image",
    "image_url": f"data:image/png;base64,{PNG}",
    "detail": "auto",
}


def _tool(name: str, description: str, schema: object) -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "description": description,
        "parameters": schema,
        "strict": False,
    }


TOOLS = [
    _tool("read_file", "Read a file.", READ_FILE),
    _tool("look", "Look around.", LOOK),
]
THOUGHT = {
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "Let me see."}],
    "encrypted_content": "c2VhbGVk",
}
SAID = {"role": "assistant", "content": "I look."}
CALLS = [
    {
        "type": "function_call",
        "call_id": "call_a",
        "name": "read_file",
        "arguments": '{"path":"a"}',
    },
    {
        "type": "function_call",
        "call_id": "call_b",
        "name": "look",
        "arguments": "{}",
    },
]
RESULTS = [
    {"type": "function_call_output", "call_id": "call_a", "output": "it says"},
    {"type": "function_call_output", "call_id": "call_b", "output": "no such place"},
]
CALLED = [ASKED, SAID, *CALLS, *RESULTS]


def _user(part: dict[str, Any]) -> dict[str, Any]:
    before = {"type": "input_text", "text": "before"}
    after = {"type": "input_text", "text": "after"}
    return {"input": [{"role": "user", "content": [before, part, after]}]}


def _option(**options: Any) -> dict[str, Any]:  # noqa: ANN401  # the SDK's own
    return {"input": [ASKED], **options}


CASES: dict[str, dict[str, Any]] = {
    "text": {"input": [ASKED]},
    "talk": {
        "input": [
            ASKED,
            {"role": "assistant", "content": "Hi."},
            {"role": "user", "content": "How are you?"},
        ]
    },
    "tools": {"input": [ASKED], "tools": TOOLS},
    "tool_results": {"input": CALLED, "tools": TOOLS},
    "tools_unused": {"input": CALLED, "tools": TOOLS, "tool_choice": "none"},
    "tool_required": {"input": [ASKED], "tools": TOOLS, "tool_choice": "required"},
    "tool_named": {
        "input": [ASKED],
        "tools": TOOLS,
        "tool_choice": {"type": "function", "name": "look"},
    },
    "picture": _user(PICTURE),
    "picture_url": _user(
        {"type": "input_image", "image_url": PICTURE_URL, "detail": "auto"}
    ),
    "document": _user(
        {
            "type": "input_file",
            "filename": "a.pdf",
            "file_data": f"data:application/pdf;base64,{PDF}",
        }
    ),
    "picture_in_result": {
        "input": [
            ASKED,
            SAID,
            CALLS[0],
            {
                "type": "function_call_output",
                "call_id": "call_a",
                "output": [{"type": "input_text", "text": "a picture"}, PICTURE],
            },
        ],
        "tools": TOOLS,
    },
    "reasoning": {"input": [ASKED, THOUGHT, SAID, *CALLS, *RESULTS], "tools": TOOLS},
    "temperature": _option(temperature=0.5),
    "top_p": _option(top_p=0.25),
    "effort": _option(reasoning={"effort": "low"}),
    "schema": _option(
        text={
            "format": {
                "type": "json_schema",
                "name": "answer",
                "schema": ANSWER,
                "strict": False,
            }
        }
    ),
}


def call(url: str, arguments: dict[str, Any], *, stream: bool) -> None:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="secret", max_retries=0)
    if stream:
        arguments = {**arguments, "stream": True}
    client.responses.create(
        model="m",
        instructions=SYSTEM,
        max_output_tokens=LIMIT,
        store=False,
        include=["reasoning.encrypted_content"],
        **arguments,
    )
