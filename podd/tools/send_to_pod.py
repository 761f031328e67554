"""The tool that tells a child something."""

from __future__ import annotations

from typing import Annotated, assert_never

import msgspec

from podd.tools.pod_words import no_pods
from podd.tools.ports import SentMessage
from podd.tools.tool import DEFAULT_TIMEOUT_SECONDS, ToolContext, ToolOutcome


class SendToPodArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to tell what."""

    name: Annotated[str, msgspec.Meta(description="The child.", min_length=1)]
    message: Annotated[
        str, msgspec.Meta(description="What it is to read.", min_length=1)
    ]


class SendToPod:
    """Answers what a child asked, or gives it more to do."""

    name = "send_to_pod"
    description = (
        "Send a message to a child. If it has asked you something, this is the answer; "
        "if it is working, it reads the message in between; else it begins to work on "
        "it, and reports."
    )
    repeatable = True
    timeout_seconds = DEFAULT_TIMEOUT_SECONDS
    arguments = SendToPodArguments

    async def run(
        self, arguments: SendToPodArguments, context: ToolContext
    ) -> ToolOutcome:
        """Return when the child has accepted it."""
        if context.pods is None:
            return no_pods()
        sent = await context.pods.send(context.call, arguments.name, arguments.message)
        return ToolOutcome(status="ok", summary=_told(sent))


def _told(sent: SentMessage) -> str:
    pod = f"pod {sent.pod!r}"
    match sent.taken:
        case "answered":
            return f"{pod} has the answer to its question"
        case "steered":
            return f"{pod} takes it into its turn {sent.turn}"
        case "turn":
            return f"{pod} works on it in its turn {sent.turn}"
        case _ as unreachable:
            assert_never(unreachable)
