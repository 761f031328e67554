"""Tools as functions, the way chat completions and Cohere's chat have them. Pure."""

from __future__ import annotations

from typing import Any

from podd.core.context.request import Surface


def function_tools(surface: Surface) -> list[dict[str, Any]]:
    """Write the tools that a model may call."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.schema,
            },
        }
        for tool in surface.tools
    ]
