"""The tool that changes a part of a file."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from podd.tools.text import count, lines_of, numbered
from podd.tools.tool import DEFAULT_TIMEOUT_SECONDS, ToolContext, ToolOutcome
from podd.tools.write_file import refuse_unseen

#: Lines of the file that are shown around the first change.
_PREVIEW_CONTEXT: Final = 3
_PREVIEW_LINES: Final = 20

#: Places that are named where a text is found more than once.
_NAMED_PLACES: Final = 10

#: Comparing for the nearest line is quadratic; beyond these it is not worth the time.
_COMPARED_LINES: Final = 3000
_COMPARED_CHARACTERS: Final = 200


class EditFileArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change."""

    path: Annotated[str, msgspec.Meta(description="The file.")]
    old: Annotated[
        str,
        msgspec.Meta(
            description="The text to replace, exactly as it stands in the file, with "
            "enough around it to be found only once."
        ),
    ]
    new: Annotated[str, msgspec.Meta(description="The text to put in its place.")]
    replace_all: Annotated[
        bool, msgspec.Meta(description="Replace every place, not just the only one.")
    ] = False


class EditFile:
    """Replaces text that was seen by other text."""

    name = "edit_file"
    description = (
        "Replace an exact text in a file that has been read and not changed since. The "
        "text must be found exactly once, unless replace_all is true. Line ends are "
        "those of the file."
    )
    repeatable = False
    timeout_seconds = DEFAULT_TIMEOUT_SECONDS
    arguments = EditFileArguments

    async def run(
        self, arguments: EditFileArguments, context: ToolContext
    ) -> ToolOutcome:
        """Change the file in one step. The bytes around the places stay as they are."""
        if not arguments.old:
            return _error("old is empty; use write_file to create a file")
        if arguments.old == arguments.new:
            return _error("old and new are the same, so there is nothing to change")
        done: _Edit | None = None

        def compute(path: str, before: bytes | None) -> bytes | ToolOutcome:
            nonlocal done
            name = context.files.shown(path)
            if before is None:
                return _error(f"there is no file {name}; use write_file to create it")
            if (
                refusal := refuse_unseen(context.reads, path, before, name)
            ) is not None:
                return refusal
            edit = _Edit(before, arguments)
            if (refusal := edit.refusal(name)) is not None:
                return refusal
            done = edit
            return edit.after

        change = await context.files.change(arguments.path, compute, call=context.call)
        if isinstance(change, ToolOutcome):
            return change
        assert done is not None, "a change was computed"
        context.reads.record(change.path, change.after)
        places = count(len(done.places), "place")
        return ToolOutcome(
            status="ok",
            summary=f"edited {context.files.shown(change.path)}: {places} replaced",
            content=done.preview(),
            changes=(change,),
        )


class _Edit:
    """One edit of one content, on bytes: what is not UTF-8 elsewhere stays as it is."""

    def __init__(self, before: bytes, arguments: EditFileArguments) -> None:
        old, new = arguments.old.encode(), arguments.new.encode()
        if (feeds := before.count(b"\n")) and before.count(b"\r\n") == feeds:
            # The model was shown plain lines; the file keeps its own line ends.
            old, new = _with_crlf(old), _with_crlf(new)
        self._before = before
        self._old = old
        self._new = new
        self._all = arguments.replace_all
        self.places = _places(before, old)
        """Offsets in the old content."""

    @property
    def after(self) -> bytes:
        return self._before.replace(self._old, self._new)

    def refusal(self, name: str) -> ToolOutcome | None:
        if not self.places:
            hint = _nearest(self._before, self._old)
            return _error(f"old was not found in {name}{hint}")
        if len(self.places) > 1 and not self._all:
            lines = [self._before.count(b"\n", 0, at) + 1 for at in self.places]
            named = ", ".join(map(str, lines[:_NAMED_PLACES]))
            more = " and more" if len(lines) > _NAMED_PLACES else ""
            return _error(
                f"old was found {len(lines)} times in {name}, in lines {named}{more}; "
                "say more of what stands around it, or set replace_all"
            )
        if self._old == self._new:
            return _error(
                f"old and new differ only in line ends, and {name} has its own"
            )
        return None

    def preview(self) -> str:
        """Show the lines around the first change, as they are now."""
        at = self.places[0]
        first = self._before.count(b"\n", 0, at)
        last = first + self._new.count(b"\n")
        start = max(0, first - _PREVIEW_CONTEXT)
        end = min(last + _PREVIEW_CONTEXT + 1, start + _PREVIEW_LINES)
        return numbered(lines_of(self.after)[start:end], start + 1)


def _with_crlf(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _places(content: bytes, text: bytes) -> list[int]:
    found = []
    at = content.find(text)
    while at >= 0:
        found.append(at)
        at = content.find(text, at + len(text))
    return found


def _nearest(content: bytes, old: bytes) -> str:
    """Say which line is most like the first line that was looked for."""
    first = next((line for line in lines_of(old) if line.strip()), b"")
    wanted = first.strip()
    if not wanted:
        return ""
    lines = lines_of(content)
    for number, line in enumerate(lines, start=1):
        if first in line:
            return f"; its first line stands in line {number}, what follows differs"
    squeezed = b"".join(wanted.split())
    for number, line in enumerate(lines, start=1):
        if squeezed in b"".join(line.split()):
            return f"; line {number} differs from it in white space"
    import difflib

    candidates = {
        line.strip()[:_COMPARED_CHARACTERS].decode("utf-8", "replace"): number
        for number, line in enumerate(lines[:_COMPARED_LINES], start=1)
    }
    target = wanted[:_COMPARED_CHARACTERS].decode("utf-8", "replace")
    close = difflib.get_close_matches(target, candidates, n=1)
    return f"; line {candidates[close[0]]} is the nearest: {close[0]}" if close else ""


def _error(summary: str) -> ToolOutcome:
    return ToolOutcome(status="error", summary=summary)
