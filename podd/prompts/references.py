"""How a text is named: `$library/name`, or a path."""

from __future__ import annotations

import os
import re
from typing import Final, Literal, get_args

import msgspec

Library = Literal["builtin", "user", "project"]

LIBRARIES: Final[tuple[Library, ...]] = get_args(Library)

#: No dot at the start of a part: neither `..` nor a hidden file can be named.
_NAME: Final = re.compile(
    r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*"
)


class Reference(msgspec.Struct, frozen=True):
    """A text in a library."""

    library: Library
    name: str
    """With slashes, without `.md`."""

    def __str__(self) -> str:
        return f"${self.library}/{self.name}"


def parse(text: str) -> Reference | None:
    """Return the reference that `text` is, or None if it is a path.

    Raises:
        ValueError: it begins like a reference and is none.
    """
    if not text.startswith("$"):
        return None
    word, _, name = text[1:].partition("/")
    library = next((known for known in LIBRARIES if known == word), None)
    if library is None:
        known = ", ".join(f"${known}/" for known in LIBRARIES)
        raise ValueError(f"there is no library {word!r}; there are {known}")
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a text")
    return Reference(library=library, name=name.removesuffix(".md"))


def joined(text: str, includer: str) -> str:
    """Return what `text` means where the template `includer` includes it.

    A name without a library is beside or below its includer. A template that nobody
    vouched for must not reach further: what it includes is sent to a model.

    Raises:
        ValueError: it would be neither.
    """
    if text.startswith("$"):
        return text
    directory, slash, _ = includer.rpartition("/")
    path = f"{directory}{slash}{text}"
    if includer.startswith("$"):
        return path
    root = os.path.realpath(directory or "/")
    if os.path.commonpath([root, os.path.realpath(path)]) != root:
        raise ValueError(f"includes {text!r}, which is not beside or below it")
    return path
