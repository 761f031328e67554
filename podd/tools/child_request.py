"""What a model says of a child that it wants."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]
Paths = tuple[Text, ...]


class ChildScope(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a child may touch: a part of what its parent may."""

    read: Annotated[Paths, msgspec.Meta(description="What it may read.")] = ()
    write: Annotated[
        Paths,
        msgspec.Meta(
            description="What it may write. It is lent: until the child ends, you can "
            "read there and not write."
        ),
    ] = ()
    read_only: Annotated[
        Paths, msgspec.Meta(description="Inside of write: only to be read.")
    ] = ()
    hidden: Annotated[
        Paths, msgspec.Meta(description="Inside of the others: not to be seen.")
    ] = ()


class SpawnPodArguments(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Whom to start, for what, with what."""

    name: Annotated[
        Text,
        msgspec.Meta(
            description="How you will call it: lower-case letters, digits, '.', '_' "
            "and '-', beginning with a letter or a digit."
        ),
    ]
    task: Annotated[
        Text,
        msgspec.Meta(
            description="What it is to do. It knows nothing of this conversation: say "
            "all that it needs, and what to report."
        ),
    ]
    scope: Annotated[
        ChildScope | None,
        msgspec.Meta(
            description="What it may touch, as paths of yours. Absent: it reads what "
            "you read and writes nothing."
        ),
    ] = None
    instruction: Annotated[
        Text | None,
        msgspec.Meta(
            description="What it is told besides its system prompt; absent: nothing."
        ),
    ] = None
    manifest: Annotated[
        Text | None,
        msgspec.Meta(description="A manifest file to start from; absent: yours."),
    ] = None
    model: Annotated[
        Text | None, msgspec.Meta(description="Another model; absent: yours.")
    ] = None
    output_schema: Annotated[
        dict[str, Any] | None,
        msgspec.Meta(
            description="JSON schema of the value that its work is to end in; absent: "
            "it answers in prose."
        ),
    ] = None
