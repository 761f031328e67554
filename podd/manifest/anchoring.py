"""From a path as somebody wrote it to an absolute one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from podd.errors import ManifestError
from podd.manifest.layer import Layer, put, stated, take_out
from podd.manifest.locator import KeyPath

#: Relative to the directory of the file that states them. Those of `[scope]` are not:
#: they wait until the workdir is known.
_PATHS: Final[tuple[KeyPath, ...]] = (
    ("pod", "workdir"),
    ("model", "script"),
    ("model", "auth", "file"),
    ("agent", "instruction"),
    ("agent", "output_schema"),
)

#: What an instruction begins with that is no path.
LIBRARY_MARK: Final = "$"


def anchor_paths(layer: Layer, environment: Mapping[str, str]) -> list[ManifestError]:
    """Make the layer's paths absolute; return, and take out, what cannot be one."""
    errors: list[ManifestError] = []
    for key in _PATHS:
        text = stated(layer.table, key)
        is_reference = key[1] == "instruction" and str(text).startswith(LIBRARY_MARK)
        if text is None or is_reference:
            continue
        try:
            put(layer.table, key, anchored(text, layer.base, environment))
        except ValueError as error:
            errors.append(layer.error(key, str(error)))
            take_out(layer.table, key)
    return errors


def anchored(text: str, base: str, environment: Mapping[str, str]) -> str:
    """Return `text` as an absolute normalised path. Links are not followed.

    Args:
        text: as written; `~` and `~name` stand for home directories.
        base: absolute; what a relative path is relative to.
        environment: where `HOME` is looked up.

    Raises:
        ValueError: it is empty, holds a zero byte, is no UTF-8, or names a home
            directory that is not known.
    """
    if not text:
        raise ValueError("is empty")
    if "\0" in text:
        raise ValueError("holds a zero byte")
    path = os.path.normpath(os.path.join(base, _at_home(text, environment)))  # noqa: PTH118  # text in, text out
    if not is_utf8(path):
        raise ValueError(f"{path!a} is not UTF-8")
    # POSIX lets "//x" mean something of its own; Linux does not, and no rule may.
    return "/" + path.lstrip("/")


def _at_home(text: str, environment: Mapping[str, str]) -> str:
    if not text.startswith("~"):
        return text
    user, slash, rest = text.partition("/")
    if user == "~" and (home := environment.get("HOME")):
        return home + slash + rest
    expanded = os.path.expanduser(user)  # noqa: PTH111  # knows the other users
    if expanded.startswith("~"):
        raise ValueError(f"nobody knows the home directory {user!r}")
    return expanded + slash + rest


def is_utf8(text: str) -> bool:
    """Return whether `text`, from the file system, can be written down."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
