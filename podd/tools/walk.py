"""Meet everything a pod may see below a directory, in the order of paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from podd.tools.listing import DirectoryEntry
from podd.tools.scoped_files import ScopedFiles
from podd.tools.text import count

#: Names that one walk looks at. A walk over more is slow to make and useless to read.
WALKED_NAMES: Final = 200_000


class Walk:
    """One walk. Links are met, never followed; `.git` is left out.

    Holds no directory open between two steps, and each is opened straight: whatever is
    moved or swapped meanwhile, nothing outside the scope is met.
    """

    def __init__(
        self,
        files: ScopedFiles,
        base: str,
        enter: Callable[[DirectoryEntry], bool],
        names: int = WALKED_NAMES,
    ) -> None:
        """Begin at `base`, a straight path of a directory.

        Args:
            files: what may be seen.
            base: where to begin; it is not met itself.
            enter: asked once for each directory after it was met: go down?
            names: how many names to look at.
        """
        self._files = files
        self._base = base
        self._enter = enter
        self._names = names
        self.cut = False
        """Whether the walk ended before everything was met."""
        self.unreadable = 0
        """Directories that the system would not let us list."""

    def __iter__(self) -> Iterator[DirectoryEntry]:
        yield from self._below(self._base, first=True)
        for path in self._files.islands(self._base):
            yield from self._island(path)

    def remarks(self) -> list[str]:
        """Say what was not met, for a summary."""
        remarks = []
        if self.cut:
            remarks.append("there are too many names to see them all; narrow the path")
        if self.unreadable:
            remarks.append(f"{count(self.unreadable, 'directory')} could not be read")
        return remarks

    def _below(self, path: str, *, first: bool = False) -> Iterator[DirectoryEntry]:
        # An explicit stack: a tree may be deeper than Python's own.
        stack = [iter(self._entries(path, first=first))]
        while stack:
            entry = next(stack[-1], None)
            if entry is None:
                stack.pop()
                continue
            yield entry
            if entry.kind == "directory" and self._enter(entry):
                stack.append(iter(self._entries(entry.path)))

    def _island(self, path: str) -> Iterator[DirectoryEntry]:
        try:
            kind = self._files.kind(path)
        except OSError:
            return
        entry = DirectoryEntry(path.rpartition("/")[2], path, kind)
        yield entry
        if kind == "directory" and self._enter(entry):
            yield from self._below(path)

    def _entries(self, path: str, *, first: bool = False) -> tuple[DirectoryEntry, ...]:
        if self._names <= 0:
            self.cut = True
            return ()
        try:
            listing = self._files.listing(path, self._names)
        except OSError:
            if first:
                raise
            # Gone or swapped since it was met, or not ours to list.
            self.unreadable += 1
            return ()
        self._names -= len(listing.entries) + 1
        self.cut = self.cut or listing.cut
        return tuple(entry for entry in listing.entries if entry.name != ".git")
