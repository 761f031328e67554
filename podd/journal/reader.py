"""Walk a journal once, from its beginning, and check everything on the way.

Writers that open, verification and the command line read through this one loop, so a
journal that one of them accepts is accepted by all. One line is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final, final

import msgspec

from podd.core.session import chain, contents
from podd.core.session.entries import FORMAT, AnyEntry, SessionStarted
from podd.errors import (
    Damage,
    JournalDamagedError,
    NewerFormatError,
    NoSuchError,
    UnknownEntryError,
)
from podd.journal import session_file
from podd.journal.blobs import BlobFault
from podd.journal.disk import refusal
from podd.journal.session_directory import SessionDirectory
from podd.journal.tail import Tail

#: Bytes read at a time; larger ones gain nothing measurable.
_BUFFER_BYTES: Final = 1 << 20

_KINDS: Final = frozenset(kind.__struct_config__.tag for kind in AnyEntry.__args__)


class _Header(msgspec.Struct):
    """What can be said of an entry of any kind, also one from a later podd."""

    kind: str
    n: int
    format: int = 0
    ignorable: bool = False


@cache
def _decoder() -> msgspec.json.Decoder[AnyEntry]:
    """Made when first needed: a new session reads nothing back."""
    return msgspec.json.Decoder(AnyEntry)


@final
class JournalReader:
    """One walk over one journal. What it found is known when the walk is over."""

    def __init__(self, directory: SessionDirectory) -> None:
        """Prepare the walk.

        Raises:
            JournalDamagedError: session.json is unreadable.
            StorageError: the disk would not give it.
        """
        self._directory = directory
        self._decode = _decoder().decode
        # Before the journal: a live pod moves both on, and must not look as if it had
        # lost what it appended after we read.
        self._witness = session_file.read(directory.session_file)
        self._witnessed: str | None = None
        self.n = 0
        """Of the last whole entry."""
        self.digest = chain.GENESIS
        """That entry's."""
        self.size = 0
        """Bytes of all whole entries."""
        self.tail = Tail()

    def __iter__(self) -> Iterator[tuple[bytes, AnyEntry | None]]:
        """Yield each line and its entry; None for an unknown entry that may be skipped.

        Each line has its newline, but for a last one that lost it.

        Raises:
            NoSuchError: there is no journal.
            NewerFormatError: a later podd wrote it.
            UnknownEntryError: an entry is of a kind that this podd must not skip.
            JournalDamagedError: a line, or a blob that it names, is not what it was.
            StorageError: the disk would not give it.
        """
        path = self._directory.journal
        witnessed_n = self._witness.n if self._witness is not None else 0
        last, digest, size = 0, chain.GENESIS, 0
        try:
            with path.open("rb", buffering=_BUFFER_BYTES) as file:
                for number, found in enumerate(file, start=1):
                    line = found
                    if not line.endswith(b"\n"):
                        whole = chain.whole_line(line, digest)
                        self.tail = _tail(line, whole)
                        if whole is None:
                            break
                        line = line[: whole.length]
                    if number == 1:
                        self._check_format(line)
                    checked = chain.check(line, digest)
                    if isinstance(checked, chain.ChainFault):
                        raise self._damage(
                            number, checked.kind, "it does not continue the chain"
                        )
                    entry = self.entry(line, number)
                    last, digest = number, checked
                    size += len(line)
                    if number == witnessed_n:
                        self._witnessed = digest
                    yield line, entry
        except FileNotFoundError as error:
            name = self._directory.session
            raise NoSuchError(what="session", name=name) from error
        except OSError as error:
            raise refusal(path, error) from error
        self.n, self.digest, self.size = last, digest, size

    def check_nothing_is_missing(self) -> None:
        """After the walk, hold the journal against session.json.

        Raises:
            JournalDamagedError: entries that were once durable are gone.
        """
        witness = self._witness
        if witness is None or witness.n == 0:
            return
        if witness.n > self.n:
            missing = witness.n - self.n
            raise self._damage(
                self.n + 1,
                "entries_missing",
                f"{missing} entries are missing: session.json knows {witness.n}",
                missing=missing,
            )
        if witness.digest != self._witnessed:
            raise self._damage(
                witness.n,
                "other_history",
                "it is not the entry that session.json knows by this number",
            )

    def _check_format(self, line: bytes) -> None:
        """Look at the format before anything else: a later one may chain otherwise."""
        header = _header(line)
        if header is not None and header.format > FORMAT:
            raise NewerFormatError(
                path=str(self._directory.journal), found=header.format, known=FORMAT
            )

    def entry(self, line: bytes, number: int) -> AnyEntry | None:
        """Decode the line of entry `number`; None: of a kind that may be skipped.

        Raises:
            JournalDamagedError, UnknownEntryError: it is not to be had.
        """
        try:
            # The first half of `must_restore`, without the call: this is the hot path.
            if b"$" in line and contents.must_restore(line):
                entry = self._restored(line, number)
            else:
                entry = self._decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._check_ignorable(line, number, error)
            return None
        if entry.n != number:
            raise self._damage(number, "wrong_number", f"it calls itself {entry.n}")
        if number == 1 and not isinstance(entry, SessionStarted):
            raise self._damage(number, "wrong_start", "a session does not begin so")
        return entry

    def _restored(self, line: bytes, number: int) -> AnyEntry:
        def get(digest: str, length: int) -> str:
            content = self._directory.blobs.get(digest)
            if isinstance(content, BlobFault):
                raise self.blob_damage(number, content)
            if len(content) != length:
                raise self.blob_damage(number, BlobFault("blob_altered", digest))
            return content.decode()

        value = contents.restore(msgspec.json.decode(line), get)
        entry: AnyEntry = msgspec.convert(value, AnyEntry)
        return entry

    def _check_ignorable(self, line: bytes, number: int, cause: Exception) -> None:
        header = _header(line)
        if header is None or header.kind in _KINDS:
            raise self._damage(number, "wrong_fields", str(cause)) from cause
        if header.n != number:
            raise self._damage(number, "wrong_number", f"it calls itself {header.n}")
        if number == 1:
            raise self._damage(number, "wrong_start", "a session does not begin so")
        if not header.ignorable:
            raise UnknownEntryError(
                path=str(self._directory.journal), line=number, kind=header.kind
            ) from cause

    def blob_damage(self, line: int, fault: BlobFault) -> JournalDamagedError:
        """Say that a blob which a line names cannot be had."""
        state = "missing" if fault.kind == "blob_missing" else "not what was written"
        return self._damage(line, fault.kind, f"its blob {fault.digest} is {state}")

    def _damage(
        self, line: int, damage: Damage, reason: str, *, missing: int = 0
    ) -> JournalDamagedError:
        return JournalDamagedError(
            path=str(self._directory.journal),
            line=line,
            reason=reason,
            damage=damage,
            missing=missing,
        )


def read_entries(directory: SessionDirectory) -> Iterator[tuple[bytes, AnyEntry]]:
    """Yield line and entry of a session, live or not, up to its last whole entry.

    Raises:
        PoddError: as `JournalReader`.
    """
    for line, entry in JournalReader(directory):
        if entry is not None:
            yield line, entry


def _header(line: bytes) -> _Header | None:
    try:
        return msgspec.json.decode(line, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _tail(rest: bytes, whole: chain.WholeLine | None) -> Tail:
    if whole is None:
        return Tail("torn", rest)
    if whole.length == len(rest):
        return Tail("no_newline")
    return Tail("trailing_bytes", rest[whole.length :])
