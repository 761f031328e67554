"""Long strings leave an entry for a blob, and come back when it is read.

In a line, `{"$blob":"<sha256>","bytes":<length>}` stands where a string was. An object
that an entry itself holds under the key `$blob` could be mistaken for that, so such a
key gains a `$` when written and loses it when read; `$$blob` likewise.

Rules of this file: it knows JSON values, not entries or files. Whoever calls it says
where blobs go to and come from.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

#: Strings above this many bytes of UTF-8 lie outside the journal.
INLINE_BYTES: Final = 64 * 1024

#: A reference as `detach` leaves it. Inside a string its quotes would be escaped, and a
#: key of an entry's own has one `$` more, so nothing else looks like this.
_REFERENCE: Final = re.compile(rb'\{"\$blob":"([0-9a-f]{64})"')

_KEY: Final = "$blob"
_ESCAPABLE: Final = re.compile(r"\$+blob")
_ESCAPED: Final = re.compile(r"\$\$+blob")


def must_detach(encoded: bytes) -> bool:
    """Whether an encoded entry may hold what `detach` changes."""
    return len(encoded) > INLINE_BYTES or must_restore(encoded)


def must_restore(line: bytes) -> bool:
    """Whether a line may hold what `restore` changes.

    Every reference, and every key with one more `$`, contains these bytes; so may the
    end of a string, and then `restore` finds nothing to do.
    """
    # A search for one byte is five times as fast, and most lines have no dollar sign.
    return b"$" in line and b'$blob"' in line


def named(line: bytes) -> list[str]:
    """The digests of the blobs that a line stands on."""
    if not must_restore(line):
        return []
    return [digest.decode() for digest in _REFERENCE.findall(line)]


def detach(value: object, put: Callable[[bytes], str]) -> object:
    """Return the value with each long string given to `put` and named instead.

    Args:
        value: what `msgspec.to_builtins` makes of an entry.
        put: stores bytes and returns their sha256 in hex.
    """
    match value:
        case str():
            # A character takes up to four bytes; most strings need no encoding.
            if len(value) * 4 <= INLINE_BYTES:
                return value
            content = value.encode()
            if len(content) <= INLINE_BYTES:
                return value
            return {_KEY: put(content), "bytes": len(content)}
        case dict():
            return {
                f"${key}" if _ESCAPABLE.fullmatch(key) else key: detach(item, put)
                for key, item in value.items()
            }
        case list() | tuple():
            return [detach(item, put) for item in value]
        case _:
            return value


def restore(value: object, get: Callable[[str, int], str]) -> object:
    """Undo `detach`.

    Args:
        value: a decoded line.
        get: returns the text of a blob, given its sha256 and its length in bytes.
    """
    match value:
        case {"$blob": str(digest), "bytes": int(length)}:
            return get(digest, length)
        case dict():
            return {
                key[1:] if _ESCAPED.fullmatch(key) else key: restore(item, get)
                for key, item in value.items()
            }
        case list():
            return [restore(item, get) for item in value]
        case _:
            return value
