"""What is known of a call whose pod died while it ran."""

from __future__ import annotations

import msgspec


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """Files that the pod may write and whose times are later than a moment.

    Whoever changed them: times name nobody, and a clock that was set lies.
    """

    paths: tuple[str, ...] = ()
    """As the model reads them."""
    more: int = 0
    """How many are not named."""
    is_complete: bool = True
    """False: not everything was looked at."""


class KnownOfCall(msgspec.Struct, frozen=True, kw_only=True):
    """Found by the next process, before it takes the session up."""

    call: str
    output: str = ""
    """What it had printed and was kept, as a model reads it."""
    output_bytes: int = 0
    """Of all that was kept."""
    spilled_to: str | None = None
    """The file that has it, where `output` is cut."""
    is_written: bool | None = None
    """Of a call that changes one file: whether that is now as it was to be. None: it
    cannot be told, or the call is none of those."""
    changes: Changes | None = None
    """None: nobody looked."""
