"""Values that several messages share."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["starting", "idle", "running", "paused", "stopping"]
ToolStatus = Literal["ok", "error", "denied", "interrupted", "unknown"]
Limit = Literal[
    "steps", "tokens", "cost_usd", "wall_seconds", "pods", "depth", "output_tokens"
]
DriverName = Literal["chat", "code"]
"""What makes a turn of a model's answers."""
CancelledBy = Literal["user", "parent", "shutdown"]
AlertLevel = Literal["info", "warning", "error"]
Verdict = Literal["approved", "denied"]
"""How an approval ended."""
ResolvedBy = Literal["user", "parent", "limit", "cancel"]
"""Who ended an approval or a question: people, the parent's model, its time, or the end
of the turn that asked."""
Remember = Literal["once", "session"]
"""For this call alone, or for every equal call of the session."""
SurfaceCause = Literal["started", "manifest_given", "configured"]
"""Why a model is shown what it is: the session began, a restore was given a manifest,
or somebody changed the living pod."""
Asked = Literal["user", "parent"]
"""Who a question is for."""
ChildState = Literal["starting", "idle", "running", "paused", "stopping", "ended"]
ChildEventKind = Literal[
    "spawned", "started", "turn_ended", "paused", "resumed", "ended", "assumed"
]
"""What became of a child: its loan is meant; it is ready; a turn of it ended; it was
paused, and goes on; it is gone and what it had is back; its lender died and we lend to
it now."""
ChildEnd = Literal["stopped", "crashed", "not_started", "lost"]
"""How a child ended: in order; killed or broken; never ready; nobody can tell."""
CommandEnd = Literal["exited", "signalled", "timed_out", "stopped", "lost"]
"""How a command ended. lost: its pod ended, and it with it."""
ImageType = Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
"""The pictures that models of every vendor read."""
DocumentType = Literal["application/pdf"]


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """A picture or a document that the model was shown: all but its content."""

    type: Literal["image", "document"]
    media_type: str = ""
    """Empty where only a picture's URL is known."""
    bytes: int = 0
    """Of the content; 0 of a picture at a URL."""
    name: str = ""
    """As who gave it calls it; may be empty."""
    url: str = ""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What was spent. Counts are tokens, each counted once."""

    input_tokens: int = 0
    """Without what came from, or went into, a cache."""
    output_tokens: int = 0
    """Reasoning included."""
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    """The part of `output_tokens` that was thought, where a provider tells."""
    requests: int = 0
    cost_usd: float | None = None
    """None: not known. Never 0 for what has no price."""
    estimated: bool = False
    """True where any of it is our guess and not a provider's word."""

    def __add__(self, other: Usage) -> Usage:
        """Sum; a cost that is unknown on one side stays known on the other."""
        costs = [c for c in (self.cost_usd, other.cost_usd) if c is not None]
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            requests=self.requests + other.requests,
            cost_usd=sum(costs) if costs else None,
            estimated=self.estimated or other.estimated,
        )


class Completed(msgspec.Struct, frozen=True, tag_field="kind", tag="completed"):
    """The model said its last word, whole."""


class Cancelled(msgspec.Struct, frozen=True, tag_field="kind", tag="cancelled"):
    """Somebody ended the turn."""

    by: CancelledBy
    reason: str = ""


class Limited(msgspec.Struct, frozen=True, tag_field="kind", tag="limited"):
    """A limit ended the turn."""

    limit: Limit


class Failed(msgspec.Struct, frozen=True, tag_field="kind", tag="failed"):
    """Something went wrong, and this is what."""

    code: str
    message: str


Outcome = Completed | Cancelled | Limited | Failed
