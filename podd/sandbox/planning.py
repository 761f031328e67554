"""Plan what a command will see, from a scope and what lies on the disk. Pure.

Rules of this file. Mounts are listed from the top down, so that a deeper one is never
covered by one above it. A hole in something writable takes its ancestors with it: each
directory between is mounted onto itself, for what is a mount point cannot be renamed
away. A hole that is not there is given a placeholder to lie over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from podd.core.scope.rules import Scope
from podd.errors import CommandNotStartedError, OutsideScopeError
from podd.sandbox.facts import Facts
from podd.sandbox.plan import Mount, MountKind, Placeholder, Plan
from podd.sandbox.settings import SandboxSettings
from podd.sandbox.toolchains import is_within
from podd.sandbox.views import Views

_State = Literal["writable", "readable", "masked", "empty", "private"]
"""What lies around a path once all above it is mounted."""

#: What git would take an empty file or a directory for an error: this one says that
#: the repository is where it is.
_CONTENT: Final = {".git/commondir": ".\n"}
_FILES: Final = (".git/config", ".git/commondir", "config.worktree")


def make_plan(scope: Scope, settings: SandboxSettings, facts: Facts, cwd: str) -> Plan:
    """Plan what a command that starts in `cwd` sees.

    Args:
        scope: grounded: real paths. What is lent is a hole in it.
        settings: of the pod.
        facts: of the disk, looked up for this scope.
        cwd: a real path.

    Raises:
        OutsideScopeError: `cwd` is not to be seen.
        CommandNotStartedError: a hole lies where none can be held.
    """
    declared = frozenset(rule.path for rule in scope.rules)
    planner = _Planner(Views(scope, settings, facts), facts, declared)
    views = planner.views
    if views.view(cwd) in {None, "hidden"} or facts.kind(cwd) != "directory":
        is_there = facts.kind(cwd) == "directory"
        raise OutsideScopeError(
            path=cwd,
            access="read",
            reason="commands start there, and it is outside the scope"
            if is_there
            else "commands start there, and it is no directory",
        )
    candidates = {
        *declared,
        *facts.readable,
        *facts.links,
        *facts.entries,
        *facts.closed,
        *settings.shown,
        *views.private,
        *views.protected(),
    }
    mounts = planner.place(candidates)
    return Plan(
        mounts=mounts,
        placeholders=planner.placeholders,
        writable=tuple(
            mount.path for mount in mounts if mount.writable or mount.kind == "private"
        ),
        network=settings.network,
        cwd=cwd,
        home=views.home,
        temporary=views.temporary,
    )


class _Planner:
    """Decides path by path, from the top down."""

    def __init__(self, views: Views, facts: Facts, declared: frozenset[str]) -> None:
        self.views = views
        self._declared = declared
        self._facts = facts
        self._candidates: set[str] = set()
        self._states: dict[str, _State] = {"/": "empty"}
        self._mounts: dict[str, Mount] = {}
        self._placeholders: dict[str, Placeholder] = {}

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        return tuple(self._placeholders.values())

    def place(self, candidates: set[str]) -> tuple[Mount, ...]:
        """Decide for all paths at which what is seen may change."""
        self._candidates = candidates
        if "/" in candidates:
            self._place("/")
        self._mount("/proc", "processes", state="masked", make=True)
        self._mount("/dev", "devices", state="empty", make=True)
        for path in sorted(candidates - {"/"}, key=_depth):
            self._place(path)
        return tuple(sorted(self._mounts.values(), key=lambda it: _depth(it.path)))

    def _place(self, path: str) -> None:
        at, around = self._around(path)
        view = self.views.view(path)
        if around == "masked" or path in {"/proc", "/dev"}:
            return
        if (source := self.views.private.get(path)) is not None:
            self._mount(path, "private", state="private", make=True, source=source)
        elif view == "hidden":
            self._hide(path, at, around)
        elif path in self._facts.links and self._facts.kind(path) == "link":
            if around in {"empty", "private"}:
                target = self._facts.links[path]
                self._mount(path, "link", make=True, directory=False, source=target)
            elif view == "read" and around == "writable":
                self._hold(path, at, "pin")
        elif view in {"write", "read"}:
            self._open(path, at, around, writable=view == "write")
        elif view == "shallow":
            self._mount(path, "empty", state="empty", make=True)

    def _around(self, path: str) -> tuple[str, _State]:
        """The nearest directory above `path` that was decided, and what it is."""
        for above in _above(path):
            if (state := self._states.get(above)) is not None:
                return above, state
        return "/", self._states["/"]

    def _open(self, path: str, at: str, around: _State, *, writable: bool) -> None:
        kind = self._facts.kind(path)
        if around == "writable":
            if not writable:
                self._hold(path, at, "pin" if kind == "link" else "bind")
            return
        if kind in {"missing", "link"} or (around == "readable" and not writable):
            return
        self._mount(
            path,
            "bind",
            state="writable" if writable else "readable",
            writable=writable,
            directory=kind == "directory",
            make=around in {"empty", "private"},
        )

    def _hide(self, path: str, at: str, around: _State) -> None:
        if around in {"empty", "private"}:
            return  # nothing shows it
        kind = self._facts.kind(path)
        if around == "readable" and kind == "missing":
            return  # and the command cannot make it
        if kind == "directory" and self._leads_on(path):
            if around == "writable":
                self._pin_ancestors(path, at)
            self._mount(path, "empty", state="empty", listed=False)
        elif around == "writable":
            self._hold(path, at, "mask")
        else:
            self._mount(path, "mask", state="masked", directory=kind == "directory")

    def _leads_on(self, path: str) -> bool:
        """Whether something below a hidden directory is given again."""
        return any(
            other != path
            and is_within(other, path)
            and self._facts.kind(other) != "missing"
            and self.views.view(other) in {"write", "read", "shallow"}
            for other in self._candidates
        )

    def _hold(self, path: str, at: str, kind: MountKind) -> None:
        """Make a hole in something writable."""
        found = self._facts.kind(path)
        is_directory = found == "directory"
        self._pin_ancestors(path, at)
        if found == "missing":
            name = next((name for name in _FILES if path.endswith(f"/{name}")), "")
            is_directory = not name
            self._placeholders[path] = Placeholder(
                path,
                directory=is_directory,
                content=_CONTENT.get(name, ""),
                declared=path in self._declared,
            )
        self._mount(
            path,
            kind,
            state="masked" if kind == "mask" else "readable",
            directory=is_directory,
        )

    def _pin_ancestors(self, path: str, at: str) -> None:
        for above in _above(path):
            if above == at:
                return
            if (kind := self._facts.kind(above)) not in {"directory", "missing"}:
                raise CommandNotStartedError(
                    reason=f"{path} is to be kept from commands, and above it "
                    f"{above} is a {kind}, not a directory",
                    hint=f"make {above} a directory, or take {path} out of [scope]",
                )
            self._mount(above, "bind", state="writable", writable=True)

    def _mount(
        self,
        path: str,
        kind: MountKind,
        *,
        state: _State | None = None,
        writable: bool = False,
        directory: bool = True,
        make: bool = False,
        listed: bool = True,
        source: str = "",
    ) -> None:
        if state is not None:
            self._states[path] = state
        self._mounts.setdefault(
            path,
            Mount(
                kind=kind,
                path=path,
                writable=writable,
                directory=directory,
                make=make,
                listed=listed,
                source=source,
            ),
        )


def _above(path: str) -> Iterator[str]:
    """Yield the directories above `path`, the deepest first."""
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        yield path


def _depth(path: str) -> tuple[int, str]:
    return (0 if path == "/" else path.count("/"), path)
