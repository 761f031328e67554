"""Contents generated with the google-genai SDK.

https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

import base64
from typing import Any

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
from google import genai
from google.genai import errors, types

DISTRIBUTION = "google-genai"
REFUSED = errors.ClientError

SEALED = b"sealed"


def _text(text: str) -> types.Part:
    return types.Part(text=text)


def _said(role: str, *parts: types.Part) -> types.Content:
    return types.Content(role=role, parts=list(parts))


def _inline(media_type: str, data: str) -> types.Part:
    return types.Part.from_bytes(data=base64.b64decode(data), mime_type=media_type)


def _call(
    identity: str, name: str, arguments: dict[str, Any], signature: bytes | None = None
) -> types.Part:
    call = types.FunctionCall(id=identity, name=name, args=arguments)
    return types.Part(function_call=call, thought_signature=signature)


def _result(identity: str, name: str, response: dict[str, Any]) -> types.Part:
    given = types.FunctionResponse(id=identity, name=name, response=response)
    return types.Part(function_response=given)


ASKED = _said("user", _text(HELLO))
TOOLS = [
    types.Tool(
        function_declarations=[
            types.FunctionDeclaration(
                name="read_file",
                description="Read a file.",
                parameters_json_schema=READ_FILE,
            ),
            types.FunctionDeclaration(
                name="look", description="Look around.", parameters_json_schema=LOOK
            ),
        ]
    )
]
#: Calls that no signature came with, with the stand-in that is documented for them:
#: https://ai.google.dev/gemini-api/docs/thought-signatures
UNSIGNED = base64.urlsafe_b64decode("skip_thought_signature_validator")
CALLS = [
    _call("call_a", "read_file", {"path": "a"}, UNSIGNED),
    _call("call_b", "look", {}),
]
RESULTS = _said(
    "user",
    _result("call_a", "read_file", {"output": "it says"}),
    _result("call_b", "look", {"error": "no such place"}),
)
CALLED = [ASKED, _said("model", _text("I look."), *CALLS), RESULTS]


def _mode(mode: str, *names: str) -> types.ToolConfig:
    calling = types.FunctionCallingConfig(
        mode=types.FunctionCallingConfigMode(mode),
        allowed_function_names=list(names) or None,
    )
    return types.ToolConfig(function_calling_config=calling)


def _user(part: types.Part) -> dict[str, Any]:
    return {"contents": [_said("user", _text("before"), part, _text("after"))]}


def _option(**options: Any) -> dict[str, Any]:  # noqa: ANN401  # the SDK's own
    return {"contents": [ASKED], **options}


CASES: dict[str, dict[str, Any]] = {
    "text": _option(),
    "talk": {
        "contents": [
            ASKED,
            _said("model", _text("Hi.")),
            _said("user", _text("How are you?")),
        ]
    },
    "tools": _option(tools=TOOLS),
    "tool_results": {"contents": CALLED, "tools": TOOLS},
    "tools_unused": {"contents": CALLED, "tools": TOOLS, "tool_config": _mode("NONE")},
    "tool_required": _option(tools=TOOLS, tool_config=_mode("ANY")),
    "tool_named": _option(tools=TOOLS, tool_config=_mode("ANY", "look")),
    "picture": _user(_inline("image/png", PNG)),
    "picture_url": _user(
        types.Part.from_uri(file_uri=PICTURE_URL, mime_type="image/png")
    ),
    "document": _user(_inline("application/pdf", PDF)),
    "picture_in_result": {
        "contents": [
            ASKED,
            _said("model", _text("I look."), CALLS[0]),
            _said(
                "user",
                types.Part(
                    function_response=types.FunctionResponse(
                        id="call_a",
                        name="read_file",
                        response={"output": "a picture"},
                        parts=[
                            types.FunctionResponsePart.from_bytes(
                                data=base64.b64decode(PNG), mime_type="image/png"
                            )
                        ],
                    )
                ),
            ),
        ],
        "tools": TOOLS,
    },
    "reasoning": {
        "contents": [
            ASKED,
            _said(
                "model",
                types.Part(text="Let me see.", thought=True, thought_signature=SEALED),
                _text("I look."),
                *CALLS,
            ),
            RESULTS,
        ],
        "tools": TOOLS,
    },
    "temperature": _option(temperature=0.5),
    "top_p": _option(top_p=0.25),
    "top_k": _option(top_k=7),
    "stop": _option(stop_sequences=["END", "STOP"]),
    "effort": _option(
        thinking_config=types.ThinkingConfig(
            thinking_level=types.ThinkingLevel.LOW, include_thoughts=True
        )
    ),
    "budget": _option(
        thinking_config=types.ThinkingConfig(
            thinking_budget=2048, include_thoughts=True
        )
    ),
    "schema": _option(
        response_mime_type="application/json", response_json_schema=ANSWER
    ),
}


def call(url: str, arguments: dict[str, Any], *, stream: bool) -> None:
    # The version that has previews and aliases of models; the SDK's own is `v1`.
    options = types.HttpOptions(base_url=url, api_version="v1beta")
    client = genai.Client(api_key="secret", http_options=options)
    config = {**arguments}
    contents = config.pop("contents")
    asked = types.GenerateContentConfig(
        system_instruction=types.Content(parts=[_text(SYSTEM)]),
        max_output_tokens=LIMIT,
        **config,
    )
    if stream:
        for _ in client.models.generate_content_stream(
            model="m", contents=contents, config=asked
        ):
            pass
    else:
        client.models.generate_content(model="m", contents=contents, config=asked)
