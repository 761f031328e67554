"""Where the texts lie, and which of several of one name counts."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

from podd.errors import ManifestError
from podd.prompts.references import LIBRARIES, Library, Reference, parse

BUILTIN: Final = Path(__file__).parent / "builtin"

#: Bytes. More than any model's window; what is larger is another file.
LARGEST_TEXT: Final = 1_048_576

TextName = Literal[
    "agents_file",
    "answer_refused",
    "boundaries",
    "child_asks",
    "child_ended",
    "child_reported",
    "child_works",
    "code_ended",
    "code_tools",
    "command_ended",
    "cut_off",
    "denied",
    "interpreter_lost",
    "interrupted",
    "limit",
    "no_tools_left",
    "not_answered",
    "not_decided",
    "notification",
    "output_schema",
    "unknown",
]
"""What podd says by itself. A file of that name in a user's library replaces it."""

TEXTS: Final[tuple[TextName, ...]] = get_args(TextName)


class Text(msgspec.Struct, frozen=True):
    """One text, not yet rendered."""

    name: str
    """The reference or the absolute path, as an error names it."""
    path: str
    source: str


class Catalogue(msgspec.Struct, frozen=True):
    """The libraries of one pod."""

    user: Path | None = None
    """Its own directory of prompts; need not exist."""
    project: Path | None = None
    """That of a project which the user trusts; None where there is none."""

    def text(self, name: TextName) -> Text:
        """Return what podd says by this name: the project's, the user's or its own."""
        for library in reversed(LIBRARIES):
            found = self._path(Reference(library=library, name=name))
            if found is not None and _is_there(found):
                return self.find(f"${library}/{name}")
        return self.find(f"$builtin/{name}")

    def find(self, reference: str) -> Text:
        """Return the text that `agent.instruction`, or an include, names.

        Raises:
            ManifestError: it is not there or cannot be read; the key is
                `agent.instruction`.
        """
        try:
            parsed = parse(reference)
        except ValueError as error:
            raise _error(reference, str(error)) from error
        if parsed is None:
            path = Path(reference)
        else:
            found = self._path(parsed)
            if found is None:
                raise _error(reference, *_missing_library(parsed.library))
            path = found
        return Text(name=reference, path=str(path), source=_read(reference, path))

    def _path(self, reference: Reference) -> Path | None:
        libraries: dict[Library, Path | None] = {
            "builtin": BUILTIN,
            "user": self.user,
            "project": self.project,
        }
        directory = libraries[reference.library]
        return None if directory is None else directory / f"{reference.name}.md"


def _is_there(path: Path) -> bool:
    """Whether there is something; reading refuses what may not be looked at."""
    try:
        return path.exists()
    except OSError:
        return True


def _missing_library(library: Library) -> tuple[str, str]:
    reason = f"there are no ${library}/ prompts here"
    if library == "project":
        return reason, "podctl manifest trust DIR, if DIR/.podd/prompts is there"
    return reason, ""


def _read(reference: str, path: Path) -> str:
    if not path.is_absolute():
        raise _error(reference, "is neither a reference nor an absolute path")
    try:
        # Not blocking: a pipe without a writer must not hold us up.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123  # a descriptor has no Path
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _error(reference, f"{path} is not a regular file")
            content = file.read(LARGEST_TEXT + 1)
    except OSError as error:
        reason = f"{path} cannot be read: {error.strerror}"
        raise _error(reference, reason) from error
    if len(content) > LARGEST_TEXT:
        raise _error(reference, f"{path} is larger than {LARGEST_TEXT} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise _error(reference, f"{path} is not UTF-8") from error


def _error(reference: str, reason: str, hint: str = "") -> ManifestError:
    return ManifestError(
        path=reference, key="agent.instruction", reason=reason, hint=hint
    )
