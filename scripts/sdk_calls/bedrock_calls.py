"""Converse and ConverseStream with botocore.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from __future__ import annotations

import base64
import json
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from conversation import ANSWER, HELLO, LIMIT, LOOK, PDF, PNG, READ_FILE, SYSTEM

DISTRIBUTION = "botocore"
REFUSED = ClientError


def _said(role: str, *content: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(content)}


def _tool(name: str, description: str, schema: object) -> dict[str, Any]:
    about = {"name": name, "description": description, "inputSchema": {"json": schema}}
    return {"toolSpec": about}


def _call(identity: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": identity, "name": name, "input": arguments}}


def _result(identity: str, *content: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"toolResult": {"toolUseId": identity, "content": list(content), **more}}


ASKED = _said("user", {"text": HELLO})
TOOLS = {
    "tools": [
        _tool("read_file", "Read a file.", READ_FILE),
        _tool("look", "Look around.", LOOK),
    ]
}
PICTURE = {"image": {"format": "png", "source": {"bytes": base64.b64decode(PNG)}}}
DOCUMENT = {
    "document": {
        "format": "pdf",
        "name": "a pdf (1)",
        "source": {"bytes": base64.b64decode(PDF)},
    }
}
SCHEMA = json.dumps(ANSWER, separators=(",", ":"))
THOUGHT = {
    "reasoningContent": {
        "reasoningText": {"text": "Let me see.", "signature": "c2VhbGVk"}
    }
}
CALLS = [_call("call_a", "read_file", {"path": "a"}), _call("call_b", "look", {})]
RESULTS = _said(
    "user",
    _result("call_a", {"text": "it says"}),
    _result("call_b", {"text": "no such place"}, status="error"),
)
CALLED = [ASKED, _said("assistant", {"text": "I look."}, *CALLS), RESULTS]


def _user(part: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [_said("user", {"text": "before"}, part, {"text": "after"})]}


def _option(**options: Any) -> dict[str, Any]:  # noqa: ANN401  # the SDK's own
    return {"messages": [ASKED], **options}


def _inference(**options: Any) -> dict[str, Any]:  # noqa: ANN401  # as above
    return _option(inferenceConfig={"maxTokens": LIMIT, **options})


CASES: dict[str, dict[str, Any]] = {
    "text": _option(),
    "talk": {
        "messages": [
            ASKED,
            _said("assistant", {"text": "Hi."}),
            _said("user", {"text": "How are you?"}),
        ]
    },
    "tools": _option(toolConfig=TOOLS),
    "tool_results": {"messages": CALLED, "toolConfig": TOOLS},
    # There is no way to say that tools are not to be used.
    "tools_unused": {"messages": CALLED, "toolConfig": TOOLS},
    "tool_required": _option(toolConfig={**TOOLS, "toolChoice": {"any": {}}}),
    "tool_named": _option(
        toolConfig={**TOOLS, "toolChoice": {"tool": {"name": "look"}}}
    ),
    "picture": _user(PICTURE),
    "document": _user(DOCUMENT),
    "picture_in_result": {
        "messages": [
            ASKED,
            _said("assistant", {"text": "I look."}, CALLS[0]),
            _said("user", _result("call_a", {"text": "a picture"}, PICTURE)),
        ],
        "toolConfig": TOOLS,
    },
    "reasoning": {
        "messages": [
            ASKED,
            _said("assistant", THOUGHT, {"text": "I look."}, *CALLS),
            RESULTS,
        ],
        "toolConfig": TOOLS,
    },
    "temperature": _inference(temperature=0.5),
    "top_p": _inference(topP=0.25),
    "stop": _inference(stopSequences=["END", "STOP"]),
    "effort": _option(outputConfig={"effort": "low"}),
    "schema": _option(
        outputConfig={
            "textFormat": {
                "type": "json_schema",
                "structure": {"jsonSchema": {"name": "answer", "schema": SCHEMA}},
            }
        }
    ),
}


def call(url: str, arguments: dict[str, Any], *, stream: bool) -> None:
    session = botocore.session.Session()
    client = session.create_client(
        "bedrock-runtime",
        region_name="eu-central-1",
        endpoint_url=url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",  # noqa: S106  # nobody's
        aws_session_token="token",  # noqa: S106  # as above
        config=Config(retries={"total_max_attempts": 1}),
    )
    converse = client.converse_stream if stream else client.converse
    converse(
        **{
            "modelId": "m",
            "system": [{"text": SYSTEM}],
            "inferenceConfig": {"maxTokens": LIMIT},
            **arguments,
        }
    )
