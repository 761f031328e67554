"""One exchange with a vendor's side, and what is said in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
import pytest

from podd.core.context.conversation import (
    ConversationItem,
    DocumentPart,
    ImagePart,
    ToolCallPart,
    UserItem,
)
from podd.core.context.request import (
    ModelRequest,
    Sampling,
    Surface,
    ToolSpec,
)
from podd_protocol.values import Usage
from tests.providers.conformance.dialect import USAGE, Dialect
from tests.providers.conformance.dialects import DIALECTS
from tests.providers.conftest import Heard

PNG = ImagePart("image/png", "iVBORw0KGgo=")
PDF = DocumentPart("application/pdf", "JVBERi0x", "a.pdf")
TOOLS = (
    ToolSpec(
        "read_file",
        "Read a file.",
        {
            "type": "object",
            "properties": {"path": {"type": "string", "description": "Where."}},
            "required": ["path"],
        },
    ),
    ToolSpec("look", "Look around.", {"type": "object", "properties": {}}),
)
SCHEMA = {
    "type": "object",
    "properties": {"sound": {"type": "boolean"}},
    "required": ["sound"],
    "additionalProperties": False,
}
CALLS = (
    ToolCallPart("", "read_file", '{"path":"é.md"}', "call_a"),
    ToolCallPart("", "read_file", '{"path":"b \\"c\\""}', "call_b"),
    ToolCallPart("", "look", "{}", "call_c"),
)

Ask = Callable[..., Awaitable[tuple[Heard, Any]]]


def asked(
    *items: ConversationItem, choice: Any = "auto", tools: Any = TOOLS, **sampling: Any
):
    surface = Surface("m", "Be brief.", tools, Sampling(**sampling))
    return ModelRequest(
        surface, items or (UserItem("hello"),), choice, key="s.t1.1", session="s"
    )


def usage_told(dialect: Dialect, usage: Usage = USAGE) -> Usage:
    """As much of it as this API tells."""
    told = {
        name: 0
        for count, name in (
            ("cache_read", "cache_read_tokens"),
            ("cache_write", "cache_write_tokens"),
            ("reasoning", "reasoning_tokens"),
        )
        if count not in dialect.counts
    }
    return msgspec.structs.replace(usage, **told)


def those(holds: Callable[[Dialect], object]) -> Any:
    """Run a test with the dialects of which that holds."""
    return pytest.mark.parametrize(
        "dialect",
        [dialect for dialect in DIALECTS if holds(dialect)],
        ids=lambda dialect: dialect.name,
        indirect=True,
    )


def each(name: str, values: Iterable[str], holds: Callable[[Dialect, str], object]):
    """Run a test with each dialect and each of the values that it has."""
    return pytest.mark.parametrize(
        ("dialect", name),
        [
            pytest.param(dialect, value, id=f"{dialect.name}-{value}")
            for dialect in DIALECTS
            for value in values
            if holds(dialect, value)
        ],
        indirect=["dialect"],
    )


def as_called(dialect: Dialect, calls=CALLS) -> tuple[ToolCallPart, ...]:
    """Calls as they stand in a conversation: with our ids."""
    return tuple(
        msgspec.structs.replace(call, call=f"t1.1.{number}")
        for number, call in enumerate(calls, 1)
    )


def same_calls(dialect: Dialect, found, calls=CALLS) -> None:
    assert [(call.name, msgspec.json.decode(call.arguments)) for call in found] == [
        (call.name, msgspec.json.decode(call.arguments)) for call in calls
    ]
    ids = [call.provider_call for call in found if call.provider_call]
    assert len(set(ids)) == len(ids), "no two calls have one id"
    if dialect.has_ids:
        assert ids == [call.provider_call for call in calls]
