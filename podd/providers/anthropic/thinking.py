"""How a model is asked to think. Pure.

https://platform.claude.com/docs/en/build-with-claude/thinking
"""

from __future__ import annotations

import re
from typing import Any, Final

from podd.core.context.request import ModelRequest
from podd.errors import ProviderError
from podd.providers.anthropic.errors import PROVIDER

#: The first that decide by themselves how much to think. Earlier ones refuse to.
_ADAPTIVE: Final = (4, 6)
_FAMILY: Final = re.compile(r"(?:opus|sonnet|haiku)-(\d+)(?:[-.](\d{1,2})(?!\d))?")
_OLD: Final = re.compile(r"claude-(?:[123](?!\d)|instant)")


def thinking_of(request: ModelRequest) -> dict[str, Any] | None:
    """Give the `thinking` object, None to leave it to the model.

    A budget is asked for as it is. An effort is sent by itself (`output_config`); it
    acts on thinking only where the model thinks at all, so that is asked for too, and
    to be told, as some models would keep it to themselves. While a tool must be called
    the API lets nobody be asked to think; then the effort goes alone.

    Raises:
        ProviderError: `unsupported`: a budget, and a tool that must be called.
    """
    sampling = request.surface.sampling
    is_free = request.tool_choice in {"auto", "none"}
    if sampling.budget_tokens is not None:
        if not is_free:
            raise ProviderError(
                fault="unsupported",
                message=f"nothing was sent: {PROVIDER} has no reasoning_budget together"
                " with tool_choice; take effort instead, or let the model choose",
                provider=PROVIDER,
            )
        return {"type": "enabled", "budget_tokens": sampling.budget_tokens}
    if sampling.effort is None or not is_free or not _adapts(request.surface.model):
        return None
    return {"type": "adaptive", "display": "summarized"}


def _adapts(model: str) -> bool:
    """Whether the model is none of the earlier ones; a new name is a new model."""
    if found := _FAMILY.search(model):
        return (int(found[1]), int(found[2] or 0)) >= _ADAPTIVE
    return not _OLD.search(model)
