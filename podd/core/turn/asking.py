"""What a model says to wait: for people, for its parent, for its children.

These three tools are no work of the runtime: their call stays open until a fact answers
it. So the turn machine reads their arguments itself.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

#: How long anybody is waited for unless a call or the manifest says otherwise.
WAIT_SECONDS: Final = 600.0

#: A day: longer is no limit.
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=16_384)]


class AskArguments(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """`ask_user` and `ask_parent`."""

    question: Annotated[
        Words,
        msgspec.Meta(description="All that is needed to answer it, in plain words."),
    ]
    choices: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Answers to choose from; absent: free text."),
    ] = ()


class WaitPodsArguments(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """`wait_pods`."""

    names: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="The children, as you named them.", min_length=1),
    ]
    until: Annotated[
        Literal["all", "any"],
        msgspec.Meta(description="Whether to wait for all of them, or for any."),
    ] = "all"
    timeout_seconds: Annotated[
        Seconds, msgspec.Meta(description="Go on after that, whatever is done by then.")
    ] = WAIT_SECONDS


ArgumentsType = type[AskArguments] | type[WaitPodsArguments]

#: The tools that the turn machine answers, and what they take.
ASKING: Final[dict[str, ArgumentsType]] = {
    "wait_pods": WaitPodsArguments,
    "ask_user": AskArguments,
    "ask_parent": AskArguments,
}
