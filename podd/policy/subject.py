"""What a call is about, in all the texts that a rule may look for."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from podd.policy.command_forms import forms_of
from podd.policy.main_argument import MAIN_ARGUMENT, Kind, MainArgument
from podd.policy.pattern import ANYTHING, Pieces
from podd.policy.shell_words import UnreadableLineError

Resolve = Callable[[str], str]
"""From an absolute path to the real one."""


#: Calls that say far more than whom they are about: a verdict on one is remembered for
#: one that is equal in all.
_WHOLE: Final = frozenset({"spawn_pod", "send_to_pod"})


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a call does; a command line may do many."""

    certain: tuple[tuple[Pieces, ...], ...]
    """For a rule that allows: one text of each group must match, whatever is unknown.
    No group at all: nothing about this part is certain."""
    possible: tuple[Pieces, ...]
    """For a rule that asks or denies: any of these that may match is enough."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What one call is about."""

    kind: Kind
    parts: tuple[Part, ...]
    line: str = ""
    """A command line as it stands, for a rule that asks or denies about such a line."""
    elsewhere: tuple[Pieces, ...] = ()
    """What may come to be run besides the parts, for a rule that asks or denies."""
    doubt: str = ""
    """Why it must be taken for the worst that it may be; empty: it need not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a tool, on its way to the rules."""

    tool: str
    arguments: Mapping[str, Any]
    """As the model wrote them. A main argument that is missing or of a wrong type
    counts as empty: the tool will refuse it."""
    pod: str
    """Who calls."""
    workdir: str
    """Absolute; where its relative paths start."""
    resolve: Resolve

    def subject(self, base: str) -> Subject:
        """Return what it is about, in the words of rules whose paths start at `base`.

        Nothing but the empty text where the tool has no main argument.
        """
        main, values = self._main()
        if main is not None and main.kind == "command":
            return _command(values[0])
        if main is not None and main.kind == "path":
            return self._place(self._absolute(main, values[0]), base)
        if main is not None and main.kind == "name":
            short = [value.removeprefix(f"{self.pod}.") for value in values]
            parts = (_either((name,), (f"{self.pod}.{name}",)) for name in short)
            return Subject(kind="name", parts=tuple(parts))
        return Subject(kind="text", parts=tuple(_either((x,)) for x in values))

    @property
    def remembered(self) -> str:
        """The main argument in the form in which a verdict on it is remembered."""
        main, values = self._main()
        if main is not None and main.kind == "path":
            return self._absolute(main, values[0])
        if self.tool in _WHOLE:
            return msgspec.json.encode(self.arguments, order="deterministic").decode()
        if main is not None and main.kind == "name":
            return " ".join(sorted(x.removeprefix(f"{self.pod}.") for x in values))
        return values[0]

    def _main(self) -> tuple[MainArgument | None, Sequence[str]]:
        main = MAIN_ARGUMENT.get(self.tool)
        if main is None:
            return None, ("",)
        return main, _texts(self.arguments.get(main.name), main.default)

    def _absolute(self, main: MainArgument, text: str) -> str:
        """Return the path that is meant; `a/../b` is `b`, as for the file tools."""
        above = self.arguments.get(main.below) if main.below else None
        start = above if isinstance(above, str) else ""
        path = posixpath.normpath(posixpath.join(self.workdir, start, text))
        return "/" + path.lstrip("/")

    def _place(self, path: str, base: str) -> Subject:
        names = _names(path, {base})
        groups = [names]
        if (real := self.resolve(path)) != path:
            groups.append(_names(real, {base, self.resolve(base)}))
        every = tuple(name for group in groups for name in group)
        part = Part(certain=tuple(groups), possible=every)
        return Subject(kind="path", parts=(part,))


def _texts(value: object, default: str) -> Sequence[str]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Sequence) and (
        texts := tuple(item for item in value if isinstance(item, str))
    ):
        return texts
    return (default,)


def _either(*texts: Pieces) -> Part:
    """Return a part that has several names for one thing."""
    return Part(certain=(texts,), possible=texts)


def _command(text: str) -> Subject:
    try:
        line = forms_of(text)
    except UnreadableLineError as error:
        worst = Part(certain=(), possible=(ANYTHING,))
        return Subject(kind="command", parts=(worst,), doubt=str(error))
    parts = tuple(
        Part(
            certain=() if command.written is None else ((command.written,),),
            possible=command.possible,
        )
        for command in line.commands
    )
    return Subject(
        kind="command",
        parts=parts or (_either((text,)),),
        line=text,
        elsewhere=line.elsewhere,
    )


def _names(path: str, bases: Iterable[str]) -> tuple[Pieces, ...]:
    """Return what a rule may call `path`: in full, or from one of `bases` on."""
    return ((path,), *((posixpath.relpath(path, base),) for base in bases))
