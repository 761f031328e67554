"""What a tool is: a name, arguments with a meaning, and a run that ends in a result.

A tool that fails is not an exception: it answers with an outcome that the model reads.
What a tool raises nevertheless becomes one in catalog.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

import msgspec

from podd.core.context.conversation import ImagePart
from podd.tools.file_change import FileChange
from podd.tools.output_store import OutputStore
from podd.tools.ports import Commands, Pods
from podd.tools.read_tracker import ReadTracker
from podd.tools.scoped_files import ScopedFiles

__all__ = [
    "DEFAULT_TIMEOUT_SECONDS",
    "FileChange",
    "Tool",
    "ToolContext",
    "ToolOutcome",
    "answered_by_the_turn_machine",
]

#: How long a call may take unless the manifest has another number. A file tool that
#: needs longer is looking at the wrong directory.
DEFAULT_TIMEOUT_SECONDS: Final = 60.0


def _sees_none() -> bool:
    """As most models."""
    return False


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """The end of one call."""

    status: Literal["ok", "error", "denied"]
    """denied: not allowed, and asking again will not help."""
    summary: str
    """One line: what was done, or why not."""
    content: str = ""
    """What the model reads below the summary."""
    changes: tuple[FileChange, ...] = ()
    """Files that this call changed; none unless it is said here."""
    spilled_to: str | None = None
    """The file with all of `content`, where that is cut."""
    images: tuple[ImagePart, ...] = ()
    """What the model sees below it."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a call may use."""

    files: ScopedFiles
    workdir: str
    """Absolute and real; where relative paths start."""
    reads: ReadTracker
    outputs: OutputStore
    progress: Callable[[str], None]
    """Takes live output while the call runs; called in the event loop."""
    call: str
    """The call's id, unique in the session."""
    timeouts: Mapping[str, float] = field(default_factory=dict)
    """Seconds by tool name."""
    commands: Commands | None = None
    """None: this pod can run no commands."""
    pods: Pods | None = None
    """None: this pod can have no children."""
    sees_pictures: Callable[[], bool] = _sees_none
    """Whether the model can be shown any."""

    def timeout_seconds(self, tool: str) -> float:
        """How long a call of this tool may take."""
        return self.timeouts.get(tool, DEFAULT_TIMEOUT_SECONDS)


class Tool(Protocol):
    """One thing that a model can ask for."""

    @property
    def name(self) -> str:
        """As the model calls it."""
        ...

    @property
    def description(self) -> str:
        """What it does, for the model."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether a call that a crash cut off may simply be run again."""
        ...

    @property
    def timeout_seconds(self) -> float | None:
        """How long a call may take unless the manifest says; None: it sees to it."""
        ...

    @property
    def arguments(self) -> type[msgspec.Struct]:
        """The arguments: frozen, unknown fields refused, required ones first."""
        ...

    async def run(self, arguments: Any, context: ToolContext) -> ToolOutcome:  # noqa: ANN401  # an instance of `arguments`
        """Do it.

        Raises:
            PoddError, OSError: become results. Anything else is our bug, and a result.
        """
        ...


def answered_by_the_turn_machine(
    arguments: msgspec.Struct, context: ToolContext
) -> AssertionError:
    """Return what a tool raises that no call ever reaches."""
    return AssertionError(
        f"call {context.call} waits in the turn machine: {type(arguments).__name__}"
    )
