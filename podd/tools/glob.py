"""The tool that finds files by name."""

from __future__ import annotations

from typing import Annotated, Final

import anyio.to_thread
import msgspec

from podd.tools.glob_pattern import GlobPattern, State, literal_prefix
from podd.tools.listing import DirectoryEntry
from podd.tools.text import count
from podd.tools.tool import DEFAULT_TIMEOUT_SECONDS, ToolContext, ToolOutcome
from podd.tools.walk import Walk

#: Paths that are listed; more than that nobody reads.
LISTED_PATHS: Final = 1000


class GlobArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to find."""

    pattern: Annotated[
        str,
        msgspec.Meta(
            description="With *, ?, [...], {a,b}; ** for any number of directories. "
            "For example **/*.py"
        ),
    ]
    path: Annotated[
        str, msgspec.Meta(description="The directory to look in; absent: the workdir.")
    ] = "."


class Glob:
    """Lists the paths that match a pattern."""

    name = "glob"
    description = (
        "Find files and directories by name, in the order of their paths; directories "
        "end in a slash. Names that begin with a dot are included, .git is not. Links "
        "are listed, not followed."
    )
    repeatable = True
    timeout_seconds = DEFAULT_TIMEOUT_SECONDS
    arguments = GlobArguments

    async def run(self, arguments: GlobArguments, context: ToolContext) -> ToolOutcome:
        """Walk and list."""
        return await anyio.to_thread.run_sync(
            _find, arguments, context, abandon_on_cancel=True
        )


def _find(arguments: GlobArguments, context: ToolContext) -> ToolOutcome:
    files = context.files
    directory, rest = literal_prefix(arguments.pattern.rstrip("/"))
    pattern = GlobPattern(rest)
    at = directory if directory.startswith("/") else f"{arguments.path}/{directory}"
    base = files.straighten(at)
    search = _Search(pattern, base)
    walk = Walk(files, base, search.may_lead_on)
    found = 0
    listed: list[str] = []
    for entry in walk:
        if not search.meets(entry):
            continue
        found += 1
        if found <= LISTED_PATHS:
            slash = "/" if entry.kind == "directory" else ""
            listed.append(files.shown(entry.path) + slash)
    remarks = []
    if found > LISTED_PATHS:
        remarks.append(f"the first {LISTED_PATHS} are listed")
    remarks += walk.remarks()
    return ToolOutcome(
        status="ok",
        summary="; ".join(
            [f"{count(found, 'path')} for {arguments.pattern}", *remarks]
        ),
        content="\n".join(listed),
    )


class _Search:
    """How far the pattern has been met, for each directory on the way."""

    def __init__(self, pattern: GlobPattern, base: str) -> None:
        self._pattern = pattern
        self._states: dict[str, State] = {base: pattern.start}

    def meets(self, entry: DirectoryEntry) -> bool:
        state = self._state(entry.path)
        if entry.kind == "directory":
            self._states[entry.path] = state
        return self._pattern.accepts(state)

    def may_lead_on(self, entry: DirectoryEntry) -> bool:
        return bool(self._states[entry.path])

    def _state(self, path: str) -> State:
        # The directory above was met before, or lies in a part that cannot be listed.
        parent, _, name = path.rpartition("/")
        above = self._states.get(parent or "/")
        if above is None:
            above = self._state(parent)
        return self._pattern.step(above, name)
