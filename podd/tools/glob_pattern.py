"""Patterns for paths: `*`, `?`, `[...]`, `{a,b}` within a name, `**` for any depth.

A pattern is matched name by name on the way down, by remembering which of its parts may
come next. So a directory that cannot lead to a match is not entered, and no pattern,
however written, takes longer than its length times the depth.
"""

from __future__ import annotations

import fnmatch
import re
from typing import Final

from podd.errors import UsageError

#: Alternatives that the braces of one pattern may come to.
_ALTERNATIVES: Final = 64
_PATTERN_CHARACTERS: Final = 1000

State = frozenset[tuple[int, int]]
"""Where a match may stand: (alternative, part) that the next name has to meet."""

_ANY_DEPTH: Final = "**"
_BRACES: Final = re.compile(r"\{([^{}]*)\}")


class GlobPattern:
    """A pattern for relative paths."""

    def __init__(self, pattern: str) -> None:
        """Compile.

        Raises:
            UsageError: it is no pattern for a relative path.
        """
        if not pattern or len(pattern) > _PATTERN_CHARACTERS:
            raise UsageError(
                reason=f"a pattern has 1 to {_PATTERN_CHARACTERS} characters"
            )
        self._alternatives = [_parts(one) for one in _expand(pattern)]

    @property
    def start(self) -> State:
        """The state before the first name."""
        return self._closed({(which, 0) for which in range(len(self._alternatives))})

    def step(self, state: State, name: str) -> State:
        """The state after one more name; empty if nothing below it can match."""
        after: set[tuple[int, int]] = set()
        for which, at in state:
            parts = self._alternatives[which]
            if at == len(parts):
                continue
            part = parts[at]
            if part is None:
                after.add((which, at))
            elif part.match(name):
                after.add((which, at + 1))
        return self._closed(after)

    def accepts(self, state: State) -> bool:
        """Whether the names so far are a whole match."""
        return any(at == len(self._alternatives[which]) for which, at in state)

    def matches(self, path: str) -> bool:
        """Whether a relative path matches."""
        state = self.start
        for name in path.split("/"):
            state = self.step(state, name)
        return self.accepts(state)

    def _closed(self, state: set[tuple[int, int]]) -> State:
        # `**` also stands for no name at all, so what comes after it may come at once.
        todo = list(state)
        while todo:
            which, at = todo.pop()
            parts = self._alternatives[which]
            following = (which, at + 1)
            if at < len(parts) and parts[at] is None and following not in state:
                state.add(following)
                todo.append(following)
        return frozenset(state)


def literal_prefix(pattern: str) -> tuple[str, str]:
    """Split off the leading directories that hold no pattern: (directory, rest)."""
    parts = pattern.split("/")
    plain = 0
    while plain < len(parts) - 1 and not set(parts[plain]) & set("*?[{"):
        plain += 1
    directory = "/".join(parts[:plain])
    if plain and not directory:
        directory = "/"
    return directory, "/".join(parts[plain:])


def _parts(pattern: str) -> list[re.Pattern[str] | None]:
    parts: list[re.Pattern[str] | None] = []
    for part in pattern.split("/"):
        if part in {"", "."}:
            continue
        if part == "..":
            raise UsageError(reason="a pattern cannot go up with `..`; use path")
        if part != _ANY_DEPTH:
            # What fnmatch makes of `*` never goes back on what it took (atomic groups).
            parts.append(re.compile(fnmatch.translate(part)))
        elif not parts or parts[-1] is not None:
            parts.append(None)
    if parts and parts[-1] is None:
        # `a/**` is everything below a, not a itself.
        parts.append(re.compile(""))
    return parts


def _expand(pattern: str) -> list[str]:
    done: list[str] = []
    todo = [pattern]
    while todo:
        one = todo.pop(0)
        braces = _BRACES.search(one)
        if braces is None:
            done.append(one)
            continue
        before, after = one[: braces.start()], one[braces.end() :]
        todo += [before + choice + after for choice in braces[1].split(",")]
        if len(todo) + len(done) > _ALTERNATIVES:
            raise UsageError(
                reason=f"the braces come to more than {_ALTERNATIVES} patterns"
            )
    return done
