"""Make a fork: a new session that shares the beginning of another.

Theory of operation
-------------------
The original is walked twice. The first walk verifies all of it and finds the entry to
fork at: one at which no step is open. The second copies the lines up to there, byte for
byte but for their digests, and folds them, since the boundary names what stood open.

The new session is built in a directory that no list shows, made durable, and renamed.
So there is a whole fork or none. The original is only read; it may be live, and is then
read up to its last whole line.

Blobs are linked where the file system can, else copied: nobody changes them, and the
fork has them when the original is gone. Outputs are copied, since a command of the
original may still write one; entries go on naming them by the original's path, and the
copy has the same file name.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec.structs import replace

from podd.core.pod.boundary import boundary, is_between_steps
from podd.core.pod.fold import apply
from podd.core.pod.state import PodState
from podd.core.session import contents
from podd.core.session import entries as e
from podd.core.session.chain import GENESIS, digest_of, reseal, seal
from podd.core.session.events import last_seq
from podd.errors import ForkPointError
from podd.journal import session_file
from podd.journal.blobs import BlobFault, Blobs
from podd.journal.disk import refusal, sync_directory
from podd.journal.group_sync import Position
from podd.journal.reader import JournalReader
from podd.journal.session_directory import SessionDirectory
from podd.journal.session_file import SessionFile

#: Begins the names of forks that are being built. No session's id does.
DRAFT: Final = ".fork-"

_encoder: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """A new session."""

    directory: SessionDirectory
    original: str
    """The session that it is a fork of."""
    at: int
    """The last entry that both share."""

    @property
    def session(self) -> str:
        return self.directory.session


def fork_session(
    original: SessionDirectory, session: str, *, at: int | None, now: str, podd: str
) -> Fork:
    """Make a fork.

    Args:
        original: what is forked.
        session: the id of the new one.
        at: the last entry to take; None: the newest at which no step is open.
        now: RFC 3339, for its own entries.
        podd: the version that writes.

    Raises:
        ForkPointError: it cannot be forked there.
        PoddError: the original is not there or is damaged, also behind `at`; or the
            disk would not take the fork. Nothing is left of it then.
    """
    point = _point(original, at)
    fork = SessionDirectory(original.path.with_name(session))
    draft = SessionDirectory(fork.path.with_name(f"{DRAFT}{session}"))
    draft.make()
    try:
        _build(original, draft, session, point, now=now, podd=podd)
        draft.path.rename(fork.path)
        sync_directory(fork.path.parent)
    except OSError as error:
        shutil.rmtree(draft.path, ignore_errors=True)
        raise refusal(fork.path, error) from error
    except BaseException:
        shutil.rmtree(draft.path, ignore_errors=True)
        raise
    return Fork(directory=fork, original=original.session, at=point.n)


def lineage(directory: SessionDirectory) -> Iterator[SessionDirectory]:
    """The sessions that this one is a fork of, nearest first, as far as they exist."""
    seen = {directory.session}
    while (origin := directory.origin) and origin not in seen:
        seen.add(origin)
        directory = SessionDirectory(directory.path.with_name(origin))
        yield directory


def _point(original: SessionDirectory, at: int | None) -> Position:
    """Verify the original, and find the entry to fork at."""
    reader = JournalReader(original)
    state = PodState()
    before: int | None = None
    after: int | None = None
    digest = GENESIS
    for n, (line, entry) in enumerate(reader, start=1):
        if entry is not None:
            apply(state, entry)
        if not is_between_steps(state):
            continue
        if at is None or n <= at:
            before, digest = n, digest_of(line)
        elif after is None:
            after = n
    reader.check_nothing_is_missing()
    if before is not None and at in {None, before}:
        return Position(before, digest)
    raise ForkPointError(
        session=original.session, at=at, last=reader.n, before=before, after=after
    )


def _build(
    original: SessionDirectory,
    draft: SessionDirectory,
    session: str,
    point: Position,
    *,
    now: str,
    podd: str,
) -> None:
    with _create(draft.journal) as file:
        copy = _Copy(original, draft, file)
        copy.take(session, point, now=now, podd=podd)
        file.flush()
        os.fsync(file.fileno())
    session_file.write(
        draft.session_file,
        SessionFile(
            session=session,
            pod=copy.state.pod,
            n=copy.n,
            digest=copy.digest,
            state="closed",
            at=now,
            turns=copy.state.turns_ended,
        ),
    )
    for directory in (draft.blobs.directory, draft.outputs, draft.path):
        sync_directory(directory)


class _Copy:
    """Writes the fork's journal and brings what its entries name."""

    def __init__(
        self, original: SessionDirectory, draft: SessionDirectory, file: BinaryIO
    ) -> None:
        self.state = PodState()
        self.n = 0
        self.digest = GENESIS
        self._original = original
        self._draft = draft
        self._file = file
        self._seq = 0

    def take(self, session: str, point: Position, *, now: str, podd: str) -> None:
        """Write the first entry, those up to `point`, and the boundary."""
        reader = JournalReader(self._original)
        for n, (line, entry) in enumerate(reader, start=1):
            if n > point.n:
                break
            if n == 1:
                assert isinstance(entry, e.SessionStarted), "the reader saw to it"
                apply(self.state, entry)
                origin = e.Origin(
                    kind="fork", session=entry.session, n=point.n, digest=point.digest
                )
                first = {"at": now, "format": e.FORMAT, "session": session}
                self._seal(replace(entry, **first, origin=origin, podd=podd))
                continue
            self._bring(reader, n, line, entry)
            self._write(*reseal(line, self.digest))
            if entry is not None:
                apply(self.state, entry)
                self._seq = max(self._seq, last_seq(entry))
        end = boundary(self.state)
        self._seal(replace(end, n=point.n + 1, at=now, seq=self._seq + 1))
        apply(self.state, end)

    def _seal(self, entry: e.AnyEntry) -> None:
        encoded = _encoder.encode(entry)
        if contents.must_detach(encoded):
            value = msgspec.to_builtins(entry, str_keys=True)
            encoded = _encoder.encode(contents.detach(value, self._draft.blobs.put))
        self._write(*seal(encoded, self.digest))

    def _write(self, line: bytes, digest: str) -> None:
        self._file.write(line)
        self.n += 1
        self.digest = digest

    def _bring(
        self, reader: JournalReader, n: int, line: bytes, entry: e.AnyEntry | None
    ) -> None:
        """Link or copy the files that an entry stands on."""
        blobs = contents.named(line)
        if isinstance(entry, e.FileChanged) and entry.before is not None:
            blobs.append(entry.before)
        for digest in blobs:
            if not _bring_blob(self._original.blobs, self._draft.blobs, digest):
                raise reader.blob_damage(n, BlobFault("blob_missing", digest))
        output: str | None = None
        if isinstance(entry, e.ToolResulted):
            output = entry.spilled_to
        elif isinstance(entry, e.CommandStarted):
            output = entry.output
        if output is not None:
            _bring_output(self._original, self._draft, Path(output))


def _bring_blob(source: Blobs, target: Blobs, digest: str) -> bool:
    if target.path(digest).exists():
        return True
    try:
        _link(source.path(digest), target.path(digest))
    except FileNotFoundError:
        return False
    return True


def _bring_output(
    original: SessionDirectory, draft: SessionDirectory, named: Path
) -> None:
    """An output that is gone is missed by nobody but who reads it."""
    source, target = original.outputs / named.name, draft.outputs / named.name
    if not named.name or target.exists():
        return
    try:
        if source.is_file() and not source.is_symlink():
            # Copied, not linked: a command of the original may still write it.
            _copy(source, target)
    except FileNotFoundError:
        return


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError:
        # Another file system, too many links, or one that has none.
        _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as old, _create(target) as new:
        shutil.copyfileobj(old, new)
        new.flush()
        os.fsync(new.fileno())


def _create(path: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "wb")
