"""The tool that finds lines by a regular expression."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated, Final

import anyio.to_thread
import msgspec

from podd.errors import OutsideScopeError
from podd.tools.glob_pattern import GlobPattern
from podd.tools.ignore_files import IgnoreRules, rules_around
from podd.tools.line_search import (
    BATCH_FILES,
    BatchResult,
    FoundFile,
    LinePattern,
    LineSearch,
    SearchMode,
)
from podd.tools.listing import DirectoryEntry
from podd.tools.text import count
from podd.tools.tool import DEFAULT_TIMEOUT_SECONDS, ToolContext, ToolOutcome
from podd.tools.walk import Walk

#: Matching lines (mode `lines`) or files that are found where the model says nothing.
DEFAULT_LIMIT: Final = 250
_LIMIT: Final = 10_000
_CONTEXT: Final = 20


class GrepArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to find, and how to tell it."""

    pattern: Annotated[
        str,
        msgspec.Meta(description="A regular expression, as of Python's re, by line."),
    ]
    path: Annotated[
        str,
        msgspec.Meta(description="A file, or a directory; absent: the workdir."),
    ] = "."
    glob: Annotated[
        str | None,
        msgspec.Meta(description="Only files of such a name (*.py) or path (src/**)."),
    ] = None
    mode: Annotated[
        SearchMode,
        msgspec.Meta(
            description="files: their paths. lines: path:number:line. "
            "count: path:matching lines."
        ),
    ] = "files"
    ignore_case: Annotated[
        bool, msgspec.Meta(description="Take upper and lower case as the same.")
    ] = False
    context: Annotated[
        int,
        msgspec.Meta(
            description="Lines to show around each match, in mode lines.",
            ge=0,
            le=_CONTEXT,
        ),
    ] = 0
    limit: Annotated[
        int,
        msgspec.Meta(
            description="How many to find: lines in mode lines, else files.",
            ge=1,
            le=_LIMIT,
        ),
    ] = DEFAULT_LIMIT


class Grep:
    """Searches the text files that a pod may read."""

    name = "grep"
    description = (
        "Search the lines of text files for a regular expression, in the order of "
        "paths. What .gitignore names is left out unless path names it; so are .git, "
        "links and binary files."
    )
    repeatable = True
    timeout_seconds = DEFAULT_TIMEOUT_SECONDS
    arguments = GrepArguments

    async def run(self, arguments: GrepArguments, context: ToolContext) -> ToolOutcome:
        """Search in a process of its own, which ends with the call whatever happens."""
        pattern = LinePattern(
            pattern=arguments.pattern,
            ignore_case=arguments.ignore_case,
            mode=arguments.mode,
            context=arguments.context,
        )
        search = LineSearch(pattern, context.timeout_seconds(self.name))
        try:
            return await anyio.to_thread.run_sync(
                _search, arguments, context, search, abandon_on_cancel=True
            )
        finally:
            # A thread cannot be stopped, but it waits for this process alone.
            search.kill()


class _Candidates:
    """The files to be searched."""

    def __init__(self, arguments: GrepArguments, context: ToolContext) -> None:
        self._files = context.files
        self._base = self._files.straighten(arguments.path)
        self._pattern = GlobPattern(arguments.glob) if arguments.glob else None
        self._by_name = arguments.glob is not None and "/" not in arguments.glob
        self._rules: dict[str, IgnoreRules] = {}
        self.walk: Walk | None = None

    def __iter__(self) -> Iterator[str]:
        if self._files.kind(self._base) != "directory":
            yield self._base
            return
        self._rules[self._base] = rules_around(self._files, self._base)
        self.walk = Walk(self._files, self._base, self._enter)
        for entry in self.walk:
            if entry.kind == "file" and self._is_wanted(entry):
                yield entry.path

    def _enter(self, entry: DirectoryEntry) -> bool:
        rules = self._around(entry.path)
        if rules.leaves_out(entry.path, directory=True):
            return False
        self._rules[entry.path] = rules.entered(self._files, entry.path)
        return True

    def _is_wanted(self, entry: DirectoryEntry) -> bool:
        if self._pattern is not None:
            relative = entry.path[len(self._base.rstrip("/")) + 1 :]
            if not self._pattern.matches(entry.name if self._by_name else relative):
                return False
        return not self._around(entry.path).leaves_out(entry.path, directory=False)

    def _around(self, path: str) -> IgnoreRules:
        # Nothing is known above what lies where we may not list.
        parent = path[: path.rfind("/")] or "/"
        return self._rules.get(parent, IgnoreRules())


class _Report:
    """What was found, as it will be told."""

    def __init__(self, arguments: GrepArguments, context: ToolContext) -> None:
        self._files = context.files
        self._mode = arguments.mode
        self._with_context = arguments.context > 0
        self.room = arguments.limit
        self.is_full = False
        self.searched = 0
        self.binary = 0
        self.unreadable = 0
        self.matches = 0
        self.files = 0
        self.lines: list[str] = []

    def add(self, paths: list[str], result: BatchResult) -> None:
        """Take in what a batch gave."""
        self.searched += result.searched
        self.binary += result.binary
        self.is_full = result.full
        for found in result.files:
            self.files += 1
            self.matches += found.matches
            self.room -= found.matches if self._mode == "lines" else 1
            self._tell(self._files.shown(paths[found.file]), found)

    def _tell(self, name: str, found: FoundFile) -> None:
        match self._mode:
            case "files":
                self.lines.append(name)
            case "count":
                self.lines.append(f"{name}:{found.matches}")
            case "lines":
                previous = 0
                for line in found.lines:
                    apart = line.number > previous + 1
                    if self._with_context and apart and self.lines:
                        self.lines.append("--")
                    mark = ":" if line.is_match else "-"
                    self.lines.append(f"{name}{mark}{line.number}{mark}{line.text}")
                    previous = line.number

    def outcome(self, walk: Walk | None) -> ToolOutcome:
        """Say it."""
        files = count(self.files, "file")
        if self._mode == "files":
            head = f"found in {files}"
        else:
            head = f"{count(self.matches, 'matching line')} in {files}"
        remarks = [head, f"{count(self.searched, 'file')} searched"]
        if self.is_full:
            remarks.append("stopped at the limit, there may be more")
        if self.binary:
            remarks.append(f"{count(self.binary, 'binary file')} skipped")
        if self.unreadable:
            remarks.append(f"{count(self.unreadable, 'file')} could not be read")
        if walk is not None:
            remarks += walk.remarks()
        return ToolOutcome(
            status="ok", summary="; ".join(remarks), content="\n".join(self.lines)
        )


def _search(
    arguments: GrepArguments, context: ToolContext, search: LineSearch
) -> ToolOutcome:
    candidates = _Candidates(arguments, context)
    report = _Report(arguments, context)
    with search:
        paths: list[str] = []
        for path in candidates:
            paths.append(path)
            if len(paths) == BATCH_FILES:
                _search_batch(paths, context, search, report)
                paths = []
                if report.is_full:
                    break
        if paths:
            _search_batch(paths, context, search, report)
    return report.outcome(candidates.walk)


def _search_batch(
    paths: list[str], context: ToolContext, search: LineSearch, report: _Report
) -> None:
    descriptors: list[int] = []
    opened: list[str] = []
    try:
        for path in paths:
            try:
                descriptors.append(context.files.open(path))
            except (OSError, OutsideScopeError):
                # Gone, swapped or closed to us since the walk met it.
                report.unreadable += 1
            else:
                opened.append(path)
        if descriptors:
            report.add(opened, search.search(descriptors, report.room))
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
