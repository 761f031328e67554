"""What is to be seen at a path: the scope, the system and what is closed, in one.

Rules of this file. What is closed (sockets, podd's own places) goes before the scope,
the scope before what the system gives. `write` is what reaches all the way down: a rule
that is not recursive gives commands no writing, for the kernel knows no such grant.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from podd.core.scope.explanation import PROTECTED, ScopeIndex
from podd.core.scope.rules import Scope
from podd.sandbox.facts import Facts
from podd.sandbox.settings import SandboxSettings
from podd.sandbox.toolchains import is_within

View = Literal["write", "read", "shallow", "hidden"]
"""shallow: the names in a directory and the files among them, nothing below."""

#: Where a command keeps what nobody else needs, if nothing speaks against it.
TEMPORARY: Final = "/tmp"  # noqa: S108  # the private one, or one in the scope
#: Always private.
MEMORY: Final = "/dev/shm"  # noqa: S108  # the command's own

#: Made for each command, whatever the scope says.
_OURS: Final = ("/dev", "/proc")


class Views:
    """Answers for one scope."""

    def __init__(self, scope: Scope, settings: SandboxSettings, facts: Facts) -> None:
        self._index = ScopeIndex(scope)
        self._facts = facts
        self._shown = settings.shown
        self._hidden = scope.paths("hidden")
        self._fresh = _unused_name(scope)
        directories = {*scope.paths("write"), *map(_parent, facts.marks)}
        self.guarded = tuple(
            sorted(
                path.rstrip("/")
                for path in directories
                if facts.kind(path) == "directory"
            )
        )
        """Directories in which something is protected."""
        self.held = frozenset((*self._held(), *self._linked(scope), "/sys"))
        """What is read-only as a whole, whatever the scope says."""
        self.private: dict[str, str] = {MEMORY: "memory"}
        """The pod's own directories by where they are to be seen."""
        self.temporary = self._choose_temporary()
        self.home = self._choose_home()

    def view(self, path: str) -> View | None:
        """What is to be seen at `path`; None: nothing gives it."""
        if any(is_within(path, shown) for shown in self._shown):
            return "read"
        if any(is_within(path, closed) for closed in self._facts.closed):
            return "hidden"
        here = self._index.explain(path)
        if here.reason == "hidden":
            return "hidden"
        given = self._given(path) if here.readable else None
        if given in {None, "shallow"} and self._is_of_the_system(path):
            # Hidden counts also where the scope gives nothing that it could take away.
            is_hidden = given is None and any(
                is_within(path, hidden) for hidden in self._hidden
            )
            return "hidden" if is_hidden else "read"
        return given

    def _given(self, path: str) -> View:
        """What the scope gives that makes `path` readable."""
        below = self._index.explain(f"{path.rstrip('/')}/{self._fresh}/{self._fresh}")
        if below.writable and path not in self.held:
            return "write"
        if below.readable or self._facts.kind(path) != "directory":
            return "read"
        return "shallow"

    def _is_of_the_system(self, path: str) -> bool:
        return any(is_within(path, known) for known in self._facts.readable)

    def protected(self) -> Iterable[str]:
        """Yield what commands may not write although it lies in a write path."""
        yield from self.held
        for base in self.guarded:
            yield f"{base}/.podd"
            if self._facts.kind(f"{base}/.git") == "directory":
                yield from (f"{base}/{name}" for name in PROTECTED)

    def _held(self) -> Iterable[str]:
        """Yield each `.git` that is a file or a link, or missing at a write path.

        Who could make or replace it would choose what git runs for the user. A write
        rule that names something protected in it says that this is wanted.
        """
        for base in self.guarded:
            path = f"{base}/.git"
            named = any(
                self._index.explain(f"{base}/{name}").writable
                for name in PROTECTED
                if name.startswith(".git/")
            )
            if self._facts.kind(path) != "directory" and not named:
                yield path

    def _linked(self, scope: Scope) -> Iterable[str]:
        """Yield what linked work trees obey, unless a write rule names it."""
        named = scope.paths("write")
        yield from (path for path in self._facts.linked if path not in named)

    def _choose_temporary(self) -> str:
        if self.view(TEMPORARY) == "write":
            return TEMPORARY
        if self.view(TEMPORARY) is None and self._facts.kind(TEMPORARY) != "link":
            self.private[TEMPORARY] = "tmp"
            return TEMPORARY
        return f"{MEMORY}/tmp"  # noqa: S108  # the command's own

    def _choose_home(self) -> str:
        """Leave HOME where it is if that can be: programs look for `$HOME/.cargo`."""
        home = self._facts.home
        if self.view(home) == "write":
            return home
        above_ours = any(is_within(path, home) for path in (*_OURS, TEMPORARY))
        below_ours = any(is_within(home, path) for path in _OURS)
        if self.view(home) is None and not above_ours and not below_ours:
            self.private[home] = "home"
            return home
        return f"{MEMORY}/home"


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _unused_name(scope: Scope) -> str:
    """Return a name that no rule has, so that it stands for all others."""
    name = "x"
    while any(name in rule.path for rule in scope.rules):
        name += "x"
    return name
