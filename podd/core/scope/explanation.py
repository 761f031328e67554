"""Whether a path may be read and written, and which rule says so.

Rules of this file. Grants add up: a path is readable where any `read` or `write` rule
reaches it. A hole takes away what rules above it gave, all the way down, and a grant
deeper than the hole gives again. Of rules at one path, `hidden` goes before
`read_only`, that before `write`, that before `read`. The mode changes nothing here: it
says who arbitrates, not what a pod may touch.

Paths are text. Whoever asks has resolved links; a path that is not absolute and
normalised is outside.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from podd.core.scope.rules import Access, Rule, Scope

Reason = Literal["granted", "outside", "read_only", "hidden", "protected"]
"""Why it is so.

granted: the rule gives what its access says, so a `read` rule gives no writing.
outside: nothing reaches the path, and there is no rule to name.
read_only, hidden: the named hole lies over the path.
protected: writable, were it not one of `PROTECTED`; the rule is the `write` rule that
does not name it.
"""

#: Never writable unless a `write` rule names the path or something below it: git runs
#: what stands in, or is pointed at by, those of `.git`, and podd trusts `.podd`.
PROTECTED: Final = (
    ".git/hooks",
    ".git/config",
    ".git/config.worktree",
    ".git/commondir",
    ".git/modules",
    ".podd",
)


class Explanation(msgspec.Struct, frozen=True):
    """What may be done at a path, and why."""

    readable: bool
    writable: bool
    rule: Rule | None
    """The rule that decided; None outside."""
    reason: Reason


class _Verdicts(msgspec.Struct, frozen=True):
    """What holds around a rule's path, as far as no deeper rule says otherwise."""

    here: Explanation
    child: Explanation
    """Directly in it: as far down as a rule that is not recursive reaches."""
    below: Explanation


_OUTSIDE: Final = Explanation(
    readable=False, writable=False, rule=None, reason="outside"
)

#: A weaker access first, so that the strongest of one path comes last.
_STRENGTH: Final[dict[Access, int]] = {
    "read": 0,
    "write": 1,
    "read_only": 2,
    "hidden": 3,
}


class ScopeIndex:
    """A scope compiled for many questions.

    An answer costs a walk up the path to the nearest rule, whatever the number of
    rules: every verdict is worked out beforehand.
    """

    __slots__ = ("_verdicts", "scope")

    def __init__(self, scope: Scope) -> None:
        """Compile.

        Raises:
            ValueError: the path of a rule is not absolute and normalised. Such a hole
                would never be met.
        """
        by_path: dict[str, list[Rule]] = {}
        for rule in scope.rules:
            if not is_normalised(rule.path):
                message = f"not absolute and normalised: {rule.path!r}"
                raise ValueError(message)
            by_path.setdefault(rule.path, []).append(rule)
        self.scope = scope
        self._verdicts = {
            path: _Verdicts(
                here=_decide(by_path, path, 0),
                child=_decide(by_path, path, 1),
                below=_decide(by_path, path, 2),
            )
            for path in by_path
        }

    def explain(self, path: str) -> Explanation:
        """Say what may be done at `path`, which is real, absolute and normalised."""
        if "/." in path or "//" in path or path[-1:] == "/":
            return self._explain_dotted(path)
        return self._look_up(path)

    def _look_up(self, path: str) -> Explanation:
        verdicts = self._verdicts
        if (found := verdicts.get(path)) is not None:
            return found.here
        if path[:1] != "/" or path == "/":
            return _OUTSIDE
        at = path.rfind("/")
        if (found := verdicts.get(path[:at] or "/")) is not None:
            return found.child
        while at > 0:
            at = path.rfind("/", 0, at)
            if (found := verdicts.get(path[:at] or "/")) is not None:
                return found.below
        return _OUTSIDE

    def _explain_dotted(self, path: str) -> Explanation:
        if not is_normalised(path):
            return _OUTSIDE
        found = self._look_up(path)
        if not found.writable or found.rule is None:
            return found
        if len(found.rule.path) >= _protected_bytes(path):
            return found
        return Explanation(
            readable=True, writable=False, rule=found.rule, reason="protected"
        )


def explain(scope: Scope, path: str) -> Explanation:
    """Say what `scope` allows at `path`; for many questions keep a `ScopeIndex`."""
    return ScopeIndex(scope).explain(path)


def is_normalised(path: str) -> bool:
    """Tell whether `path` is absolute, without `.`, `..`, empty parts or a zero."""
    if path == "/":
        return True
    parts = path.split("/")
    return (
        parts[0] == ""
        and len(parts) > 1
        and not any(part in {"", ".", ".."} for part in parts[1:])
        and "\0" not in path
    )


def ancestors(path: str) -> list[str]:
    """`path` and everything above it, the deepest first."""
    found = [path]
    while path != "/":
        path = path[: path.rfind("/")] or "/"
        found.append(path)
    return found


def _decide(by_path: dict[str, list[Rule]], path: str, distance: int) -> Explanation:
    """Decide for what lies `distance` levels below `path`; 2 stands for all deeper."""
    write: Rule | None = None
    read: Rule | None = None
    granted = False
    for above, ancestor in enumerate(ancestors(path)):
        rules = by_path.get(ancestor, ())
        reaching = [
            rule
            for rule in rules
            if rule.recursive
            or above + distance <= 1
            or rule.access in {"read_only", "hidden"}
        ]
        for rule in sorted(reaching, key=_strength, reverse=True):
            granted = granted or rule.access in {"read", "write"}
            if write is None and rule.access != "read":
                write = rule
            if read is None and rule.access != "read_only":
                read = rule
    if not granted or read is None:
        return _OUTSIDE
    if read.access == "hidden":
        return Explanation(readable=False, writable=False, rule=read, reason="hidden")
    if write is not None and write.access == "write":
        return Explanation(readable=True, writable=True, rule=write, reason="granted")
    if write is not None and write.access == "read_only":
        return Explanation(
            readable=True, writable=False, rule=write, reason="read_only"
        )
    return Explanation(readable=True, writable=False, rule=read, reason="granted")


def _strength(rule: Rule) -> int:
    return _STRENGTH[rule.access]


def _protected_bytes(path: str) -> int:
    """How long the deepest protected ancestor of `path` is; 0: there is none."""
    framed = path + "/"
    deepest = 0
    for name in PROTECTED:
        at = framed.rfind(f"/{name}/")
        if at >= 0:
            deepest = max(deepest, at + 1 + len(name))
    return deepest
