"""A scope on a real disk: links resolved once, identities recorded.

From here on paths are compared as text. What would make text lie, a directory that was
replaced by another one, shows in the recorded device and inode.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from podd.core.scope.rules import Access, Rule, Scope
from podd.errors import ManifestError


class Identity(msgspec.Struct, frozen=True):
    """What lay at a path."""

    device: int
    inode: int
    is_directory: bool
    """Files are replaced by whoever saves them, so only a directory's is held to."""


class GroundedRule(msgspec.Struct, frozen=True):
    """A rule with a real path."""

    rule: Rule
    identity: Identity | None
    """None: nothing lay there."""


class Grounded(msgspec.Struct, frozen=True):
    """A scope with real paths."""

    scope: Scope
    identities: tuple[Identity | None, ...]
    """One a rule, in their order; None: nothing lay there."""

    def rules(self, *accesses: Access) -> Iterator[GroundedRule]:
        """The rules with one of these accesses, in their order."""
        for rule, identity in zip(self.scope.rules, self.identities, strict=True):
            if rule.access in accesses:
                yield GroundedRule(rule, identity)


def ground(scope: Scope, *, source: str) -> Grounded:
    """Resolve the links in a scope; makes nothing.

    A hole whose name is a link becomes two: the name, so that the link stays what it
    is, and what it leads to.

    Args:
        scope: absolute paths.
        source: the manifest, for errors.

    Raises:
        ManifestError: a read path is missing (`scope.read`), or a path cannot be used.
    """
    rules: dict[Rule, Identity | None] = {}
    for rule in scope.rules:
        for path in _real_paths(rule, source):
            real = msgspec.structs.replace(rule, path=path)
            rules[real] = _usable(real, source)
    return Grounded(
        scope=Scope(rules=tuple(rules), mode=scope.mode),
        identities=tuple(rules.values()),
    )


def make_missing(grounded: Grounded, *, source: str) -> tuple[Grounded, list[Path]]:
    """Make the write paths that are not there, and record what they are.

    Returns:
        The scope, and the directories that were made, for `unmake`.

    Raises:
        ManifestError: one cannot be made, or a link has appeared in it meanwhile.
    """
    made: list[Path] = []
    identities: list[Identity | None] = []
    try:
        for rule, identity in zip(
            grounded.scope.rules, grounded.identities, strict=True
        ):
            if rule.access == "write" and identity is None:
                _make(rule, made, source)
                identities.append(_usable(rule, source))
            else:
                identities.append(identity)
    except BaseException:
        unmake(made)
        raise
    return Grounded(scope=grounded.scope, identities=tuple(identities)), made


def unmake(made: list[Path]) -> None:
    """Take back what `make_missing` made, where nothing has been put into it."""
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir()


def replaced(grounded: Grounded, *accesses: Access) -> str | None:
    """Find a directory that is no longer the recorded one; None: all are.

    Args:
        grounded: as it was recorded.
        accesses: of the rules to look at.
    """
    for entry in grounded.rules(*accesses):
        recorded = entry.identity
        if recorded is None or not recorded.is_directory:
            continue
        try:
            found = os.lstat(entry.rule.path)
        except OSError:
            return entry.rule.path
        if found.st_ino != recorded.inode or found.st_dev != recorded.device:
            return entry.rule.path
    return None


def found_at(path: str) -> Identity | None:
    """Identify what lies at `path`, a link as itself; None: nothing to be seen."""
    try:
        return _identity(os.lstat(path))
    except OSError:
        return None


def _real_paths(rule: Rule, source: str) -> list[str]:
    try:
        real = os.path.realpath(rule.path, strict=rule.access == "read")
        real.encode()
    except UnicodeEncodeError as error:
        raise _refused(rule, source, "is not UTF-8") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _refused(rule, source, reason) from error
    if rule.access in {"read_only", "hidden"}:
        parent, name = os.path.split(os.path.normpath(rule.path))
        named = str(Path(os.path.realpath(parent), name))
        if named != real:
            return [named, real]
    return [real]


def _usable(rule: Rule, source: str) -> Identity | None:
    try:
        found = os.lstat(rule.path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _refused(rule, source, error.strerror or str(error)) from error
    kind = stat.S_IFMT(found.st_mode)
    if rule.access == "write" and kind not in {stat.S_IFDIR, stat.S_IFREG}:
        raise _refused(rule, source, "is neither a directory nor a file")
    return _identity(found)


def _identity(found: os.stat_result) -> Identity:
    return Identity(
        device=found.st_dev,
        inode=found.st_ino,
        is_directory=stat.S_ISDIR(found.st_mode),
    )


def _make(rule: Rule, made: list[Path], source: str) -> None:
    path = Path(rule.path)
    missing = [path, *path.parents]
    try:
        for directory in reversed(missing):
            try:
                directory.mkdir(mode=0o700)
            except FileExistsError:
                continue
            made.append(directory)
        if os.path.realpath(path) != rule.path:
            raise _refused(rule, source, "has become a link")
    except OSError as error:
        raise _refused(rule, source, f"cannot be made: {error.strerror}") from error


def _refused(rule: Rule, source: str, reason: str) -> ManifestError:
    return ManifestError(
        path=source, key=f"scope.{rule.access}", reason=f"{rule.path}: {reason}"
    )
