"""The digest chain: each line vouches for all lines before it.

A line is an encoded entry with one more field at its end:

    {"kind":"turn_paused","n":7,...,"digest":"<64 hex digits>"}

The digest is the sha256 of the previous line's digest, as its 64 hex digits, followed
by this line's bytes up to the last `,"digest"`. So whoever holds the last digest can
tell whether any byte before it changed, and checking encodes nothing: the chain does
not depend on how an encoder orders fields or writes numbers.

Rules of this file:
- It knows bytes, not entries. That a line's digest holds says nothing about what the
  line means.
- Exactly one spelling is accepted. Upper-case digits or a space would leave two files
  with one digest.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final, Literal

import msgspec

#: What stands before the first line.
GENESIS: Final = "0" * 64

_FIELD: Final = b',"digest":"'
_END: Final = b'"}'
#: From the comma before `"digest"` to the closing brace.
_SUFFIX_BYTES: Final = len(_FIELD) + 64 + len(_END)
_SUFFIX: Final = re.compile(rb',"digest":"([0-9a-f]{64})"\}')


class ChainFault(msgspec.Struct, frozen=True):
    """Why a line does not continue the chain."""

    kind: Literal["no_digest", "wrong_digest"]
    """`no_digest`: the line does not end as a sealed line does."""


class WholeLine(msgspec.Struct, frozen=True):
    """A sealed line at the beginning of some bytes."""

    length: int
    """Bytes, up to and with its closing brace."""
    digest: str


def seal(entry: bytes, previous: str) -> tuple[bytes, str]:
    """Make a line of an encoded entry.

    Args:
        entry: one JSON object with at least one field, without space around it.
        previous: the digest of the line before, or `GENESIS`.

    Returns:
        The line with its newline, and its digest.
    """
    body = entry[:-1]
    digest = sha256(previous.encode() + body).hexdigest()
    return body + _FIELD + digest.encode() + _END + b"\n", digest


def check(line: bytes, previous: str) -> str | ChainFault:
    """Return the digest of a line that continues the chain, or say why it does not.

    Args:
        line: with or without its newline.
        previous: the digest of the line before, or `GENESIS`.
    """
    end = len(line) - 1 if line.endswith(b"\n") else len(line)
    start = end - _SUFFIX_BYTES
    digest = sha256(previous.encode() + line[:start]).hexdigest()
    # A fixed position serves where the format says "the last": nothing that fits
    # between here and the end of the line could hold another `,"digest"`.
    if line[start:end] == _FIELD + digest.encode() + _END:
        return digest
    sealed = start > 0 and _SUFFIX.fullmatch(line, start, end) is not None
    return ChainFault("wrong_digest" if sealed else "no_digest")


def digest_of(line: bytes) -> str:
    """The digest that a line bears which `check` accepted."""
    end = len(line) - 1 if line.endswith(b"\n") else len(line)
    return line[end - len(_END) - 64 : end - len(_END)].decode()


def reseal(line: bytes, previous: str) -> tuple[bytes, str]:
    """Put a sealed line into another chain; its entry stays the same, byte for byte.

    Args:
        line: that `check` accepted, with or without its newline.
        previous: as for `seal`.
    """
    end = len(line) - 1 if line.endswith(b"\n") else len(line)
    return seal(line[: end - _SUFFIX_BYTES] + b"}", previous)


def whole_line(data: bytes, previous: str) -> WholeLine | None:
    """Find the line that some unfinished bytes begin with, if it is all there.

    A crash can leave a line without its newline, or with a block of zeros after its
    closing brace. The digest alone tells where such a line ends: an entry may itself
    hold objects that end in a field called `digest`.
    """
    hashed = sha256(previous.encode())
    position = 0
    for found in _SUFFIX.finditer(data):
        # Fed piece by piece, so that bytes full of candidates still cost one pass.
        hashed.update(data[position : found.start()])
        position = found.start()
        digest = hashed.hexdigest()
        if found[1] == digest.encode():
            return WholeLine(found.end(), digest)
    return None
