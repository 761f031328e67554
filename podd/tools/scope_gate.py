"""What a scope says to a text: which path it means, and whether it may be touched.

Text in, text out: nothing here looks at a disk, but for where the workdir really is.
What is hidden is refused in the words for what is outside.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal

from podd.core.scope.explanation import Explanation, ScopeIndex
from podd.core.scope.rules import Rule, Scope
from podd.errors import OutsideScopeError
from podd.tools.links import Admission

_NOTHING_LENT: Final[Mapping[str, str]] = MappingProxyType({})

#: Rules that a refusal names; a scope may have hundreds.
_NAMED_RULES: Final = 8

#: What git reads of a linked work tree and trusts like `.git/commondir`. The names
#: between are free, so the fixed list of protected names does not have them.
_LINKED: Final = re.compile(
    r"/\.git/(modules/.+/)?worktrees/[^/]+/(commondir|config\.worktree)$"
)


class ScopeGate:
    """One scope, asked in a model's words.

    The mode of the scope changes nothing here: it says who arbitrates between pods, not
    what this pod may touch.
    """

    def __init__(
        self,
        scope: Scope,
        workdir: str,
        also_readable: Sequence[str] = (),
        lent: Mapping[str, str] = _NOTHING_LENT,
    ) -> None:
        """Take a grounded scope; see ScopedFiles for the arguments.

        Of `lent` only refusals speak: the holes themselves stand in the scope.
        """
        extra = tuple(
            Rule(path=os.path.realpath(path), access="read") for path in also_readable
        )
        self._index = ScopeIndex(Scope(rules=scope.rules + extra, mode=scope.mode))
        self._scope = scope
        self._given = os.path.normpath(workdir)
        self.workdir: Final = os.path.realpath(workdir)
        """Real."""
        self.lent: Final = dict(lent)
        """Name of the borrower by the lent path."""

    def locate(self, text: str, access: Literal["read", "write"] = "read") -> str:
        """Make `text` an absolute, normalised path. Nothing is checked yet.

        `..` is taken as text: `a/../b` is `b`, whatever `a` is.

        Raises:
            OutsideScopeError: it can be no path.
        """
        if not text:
            raise OutsideScopeError(
                path="''", access=access, reason="the path is empty"
            )
        if "\0" in text:
            raise OutsideScopeError(
                path=text.replace("\0", "\\0"),
                access=access,
                reason="a path cannot contain a zero byte",
            )
        if text == "~" or text.startswith("~/"):
            raise OutsideScopeError(
                path=text,
                access=access,
                reason=f"`~` is not expanded; write the path out, or relative to "
                f"{self.workdir}",
            )
        path = os.path.normpath(text if text[0] == "/" else f"{self.workdir}/{text}")
        if path.startswith("//"):
            # POSIX leaves a double slash at the start alone; on Linux it means one.
            path = path[1:]
        if path == self._given or path.startswith(self._given + "/"):
            # The model knows the workdir by the name it was told.
            path = self.workdir + path[len(self._given) :]
        return path

    def shown(self, path: str) -> str:
        """How the model reads a path: relative to the workdir where it lies in it."""
        if path == self.workdir:
            return "."
        inside = self.workdir.rstrip("/") + "/"
        return path.removeprefix(inside)

    def may_read(self, path: str) -> bool:
        """Whether a straight path may be read."""
        return self._index.explain(path).readable

    def islands(self, path: str) -> tuple[str, ...]:
        """What is readable below a straight path and cannot be walked to from it.

        A grant below a hole, or below a rule that is not recursive, lies in a directory
        that may not be listed.
        """
        below = path.rstrip("/") + "/"
        return tuple(
            sorted(
                rule.path
                for rule in self._index.scope.rules
                if rule.path.startswith(below)
                and self.may_read(rule.path)
                and not self.may_read(rule.path[: rule.path.rfind("/")] or "/")
            )
        )

    def _refusal(self, path: str, found: Explanation, *, write: bool) -> str:
        if write and found.readable:
            rule = found.rule.path if found.rule is not None else path
            if (borrower := self.lent.get(rule)) is not None:
                return (
                    f"{self.shown(rule)} is lent to pod {borrower!r}; it comes back "
                    "when that pod ends"
                )
            why = {
                "protected": "protected here, for git and podd trust what stands there",
                "read_only": f"read-only below {rule}",
            }.get(found.reason, f"only readable (by {rule})")
            return f"{why}; writable: {self._writable()}"
        readable = _few(self._scope.paths("read"))
        also = f"; readable: {readable}" if readable and not write else ""
        return f"outside the scope; writable: {self._writable()}{also}"

    def _writable(self) -> str:
        """Name the paths that were given to write and are not lent."""
        paths = [
            path
            for path in self._scope.paths("write")
            if self._index.explain(path).writable
        ]
        return _few(paths) or "nothing"

    def admission(self, text: str, access: Literal["read", "write"]) -> Admission:
        """Refuse what may not be read, in words about the text that was given."""

        def admit(path: str) -> None:
            found = self._index.explain(path)
            if not found.readable:
                reason = self._refusal(path, found, write=access == "write")
                raise OutsideScopeError(path=text, access=access, reason=reason)

        return admit

    def require_writable(self, path: str, text: str) -> None:
        """Refuse a straight path that may not be written.

        Raises:
            OutsideScopeError: it may not; the refusal names `text`.
        """
        found = self._index.explain(path)
        if not found.writable:
            raise OutsideScopeError(
                path=text,
                access="write",
                reason=self._refusal(path, found, write=True),
            )
        is_named = found.rule is not None and found.rule.path == path
        if _LINKED.search(path) and not is_named:
            raise OutsideScopeError(
                path=text,
                access="write",
                reason="git takes this file for the way to the configuration of a "
                "linked work tree",
            )
        if path.endswith("/.git") and not is_named:
            # Tools write files, and a file of this name leads git to a repository
            # elsewhere, whose configuration may name programs to run.
            raise OutsideScopeError(
                path=text,
                access="write",
                reason="git takes a file of this name for the way to a repository",
            )


def _few(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:_NAMED_RULES])
    more = len(paths) - _NAMED_RULES
    return f"{shown} and {more} more" if more > 0 else shown
