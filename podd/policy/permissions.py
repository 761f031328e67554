"""From permission rules to a verdict on a call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from podd.core.permission import Action, Permission, PermissionRule, PermissionSet
from podd.policy.pattern import Pattern
from podd.policy.subject import Call, Part, Resolve, Subject

#: What joins commands to a line. A rule with such a sign is about the line, too.
_JOINING: Final = re.compile(r"[;&|<>()`\n]")
_STRICTNESS: Final[dict[Action, int]] = {"allow": 0, "ask": 1, "deny": 2}


class Permissions:
    """The rules that bind one pod: its lenders', and its own."""

    def __init__(
        self, sets: Sequence[PermissionSet], *, resolve: Resolve | None = None
    ) -> None:
        """Compile.

        Args:
            sets: the pod's own one last, before it that of who lends to it, and so on.
                Each of them must let a call pass: the strictest counts.
            resolve: from an absolute path to the real one, so that a rule about a place
                also holds where a link leads there. None: paths are only text.
        """
        self._own = sets[-1]
        self._judges = [_Judge(one, is_own=one is sets[-1]) for one in sets]
        self._resolve = resolve or _as_it_is

    def verdict(self, tool: str, arguments: Mapping[str, Any]) -> Permission:
        """Say what the rules say of one call, and which of them.

        Args:
            tool: its name.
            arguments: as the model wrote them, decoded.
        """
        call = Call(
            tool=tool,
            arguments=arguments,
            pod=self._own.pod,
            workdir=self._own.workdir,
            resolve=self._resolve,
        )
        found = _Finding("allow", "")
        for judge in self._judges:
            found = found.or_stricter(judge.judge(call))
        return Permission(found.action, found.reason, call.remembered)


@dataclass(frozen=True, slots=True)
class _Finding:
    action: Action
    reason: str

    def or_stricter(self, other: _Finding) -> _Finding:
        is_stricter = _STRICTNESS[other.action] > _STRICTNESS[self.action]
        return other if is_stricter else self


class _Line:
    """One rule, compiled."""

    def __init__(self, number: int, rule: PermissionRule) -> None:
        self.action = rule.action
        self.name = f'{number}: {rule.tool} "{rule.match}"'
        self._tool = Pattern(rule.tool)
        self._match = Pattern(rule.match)
        self._place = Pattern(_as_place(rule.match))
        self._is_about_lines = _JOINING.search(rule.match) is not None

    @property
    def takes_all(self) -> bool:
        """Whether it is about the tool, whatever the call says."""
        return self._match.is_everything

    def is_about(self, tool: str) -> bool:
        return self._tool.matches((tool,))

    def hits(self, subject: Subject, parts: Sequence[Part]) -> Sequence[Part]:
        """Return those of `parts` that it decides."""
        match = self._place if subject.kind == "path" else self._match
        if self.action == "allow":
            return [part for part in parts if _is_certain(match, part)]
        return [part for part in parts if any(map(match.may_match, part.possible))]

    def hits_line(self, subject: Subject) -> bool:
        """Whether it stops a command line for more than one of its commands."""
        if self.action == "allow":
            return False
        if self._is_about_lines and self._match.matches((subject.line,)):
            return True
        return any(map(self._match.may_match, subject.elsewhere))


class _Judge:
    """One set of rules. Each part of a call goes by the first rule that hits it."""

    def __init__(self, rules: PermissionSet, *, is_own: bool) -> None:
        self._rules = rules
        self._where = "[permissions]" + ("" if is_own else f" of pod {rules.pod!r}")
        self._lines = [
            _Line(number, rule) for number, rule in enumerate(rules.rules, start=1)
        ]

    def judge(self, call: Call) -> _Finding:
        lines = [line for line in self._lines if line.is_about(call.tool)]
        default = _Finding(self._rules.default, f"the default of {self._where}")
        subject: Subject | None = None
        parts: Sequence[Part] | None = None
        found = _Finding("allow", "")
        for line in lines:
            reason = f"{self._where}, rule {line.name}"
            if line.takes_all:
                return found.or_stricter(_Finding(line.action, reason))
            if subject is None or parts is None:
                subject = call.subject(self._rules.workdir)
                parts = subject.parts
            hits = line.hits(subject, parts)
            if hits or line.hits_line(subject):
                doubt = (
                    f" (it is not certain: {subject.doubt})" if subject.doubt else ""
                )
                found = found.or_stricter(_Finding(line.action, reason + doubt))
            parts = [part for part in parts if part not in hits]
            if not parts:
                return found
        return found.or_stricter(default)


def _is_certain(match: Pattern, part: Part) -> bool:
    return bool(part.certain) and all(
        any(map(match.matches, group)) for group in part.certain
    )


def _as_place(match: str) -> str:
    """Return a pattern for paths as paths are written here: `./x` as `x`.

    A directory (`x/`) stands for all that is in it.
    """
    place = match.removeprefix("./")
    return f"{place}*" if place.endswith("/") else place


def _as_it_is(path: str) -> str:
    return path
