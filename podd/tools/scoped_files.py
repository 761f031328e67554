"""The only place where a model's text becomes a file.

Rules of this file:
- Nothing is opened by a path that has a link in it. Links are read and their targets
  checked like any other text (links.py), then what they lead to is opened straight
  (openat.py). So the path that was checked is the path that was opened, whoever swaps
  what in between.
- What a text means and whether it may be touched is said by the gate (scope_gate.py),
  before anything is looked at.
- Whoever writes is in the register (write_register.py) from the check that lets it
  begin until it has ended, so a scope that narrows knows whom to wait for.

Whoever calls these functions from the event loop uses `read` and `change`; the others
may wait for a disk and belong into a worker thread.
"""

from __future__ import annotations

import errno
import os
import stat
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, TypeVar

import anyio
import anyio.to_thread

from podd.core.scope.rules import Scope
from podd.errors import OutsideScopeError
from podd.tools.bounded_read import FILE_BYTES, read_bounded
from podd.tools.file_change import FileChange
from podd.tools.links import straighten
from podd.tools.listing import EntryKind, Listing, read_listing
from podd.tools.openat import Opener, best_opener
from podd.tools.replacement import Replacement
from podd.tools.scope_gate import ScopeGate
from podd.tools.write_register import WriteRegister

#: How often a path may change between looking and opening before we give up.
_ATTEMPTS: Final = 16

#: Paths whose check is remembered, for as long as the scope is the same.
_REMEMBERED: Final = 4096

#: O_NONBLOCK: opening a pipe that nobody writes must not wait.
_READING: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY

Refusal = TypeVar("Refusal")


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file, whole."""

    path: str
    """Absolute and real."""
    data: bytes


class _View:
    """A scope as it is for a while, and what was asked of it."""

    __slots__ = ("gate", "readable")

    def __init__(self, gate: ScopeGate) -> None:
        self.gate = gate
        self.readable: dict[str, str] = {}


class ScopedFiles:
    """Files of one pod, within its scope."""

    def __init__(
        self,
        scope: Scope,
        workdir: str,
        *,
        verify_lease: Callable[[], None],
        also_readable: Sequence[str] = (),
        opener: Opener | None = None,
    ) -> None:
        """Take a grounded scope.

        Args:
            scope: its rules have real paths.
            workdir: absolute; where relative paths start. It may lead through links.
            verify_lease: called before each write, in a worker thread; raises
                LeaseLostError where this pod may no longer write.
            also_readable: directories that the model may read beyond its scope, such as
                the one for spilled outputs.
            opener: how straight paths are opened; the best that works here if None.
        """
        self._given = workdir
        self._also_readable = tuple(also_readable)
        self._view = _View(ScopeGate(scope, workdir, also_readable))
        self._writes = WriteRegister()
        self._verify_lease = verify_lease
        self._open = opener or best_opener()
        self._locks: weakref.WeakValueDictionary[str, anyio.Lock] = (
            weakref.WeakValueDictionary()
        )

    @property
    def _gate(self) -> ScopeGate:
        return self._view.gate

    @property
    def workdir(self) -> str:
        """Where relative paths start; real."""
        return self._gate.workdir

    def shown(self, path: str) -> str:
        """How the model reads a straight path."""
        return self._gate.shown(path)

    def islands(self, path: str) -> tuple[str, ...]:
        """What is readable below a straight path and cannot be walked to from it."""
        return self._gate.islands(path)

    # Lending

    @property
    def lent(self) -> tuple[tuple[str, str], ...]:
        """What others may write just now: (straight path, name of the pod)."""
        return tuple(self._gate.lent.items())

    def rescope(self, scope: Scope, lent: Mapping[str, str]) -> None:
        """Go on with another scope: narrowed by a loan, or widened by its return.

        When this returns, no write begins any more that the new scope refuses. One that
        had begun may still be under way: see `wait_until_quiet`.

        Args:
            scope: grounded; whatever is lent is a hole in it.
            lent: name of the borrowing pod by lent path, for refusals.
        """
        view = _View(ScopeGate(scope, self._given, self._also_readable, lent))

        def change() -> None:
            self._view = view

        self._writes.between(change)

    async def wait_until_quiet(
        self, roots: Sequence[str], limit_seconds: float
    ) -> tuple[str, ...]:
        """Wait until no call of ours writes at these straight paths or below.

        Returns:
            The calls that still write when the time is over, each with its path.
        """
        return await anyio.to_thread.run_sync(
            self._writes.wait_until_quiet, roots, limit_seconds, abandon_on_cancel=True
        )

    # Reading

    def open(self, text: str) -> int:
        """Open a regular file for reading.

        Returns:
            A descriptor that the caller closes.

        Raises:
            OutsideScopeError: it may not be read, or is no regular file.
            IsADirectoryError, FileNotFoundError, OSError: as of any opening.
        """
        return self._open_file(text)[0]

    def _open_file(self, text: str) -> tuple[int, str]:
        path = self._view.readable.get(text)
        if path is None:
            path = self._check_readable(text)
        try:
            descriptor = self._open(path, _READING)
        except OSError as error:
            descriptor, path = self._open_bent(text, path, error)
        if not stat.S_ISREG(mode := os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise _not_regular(text, mode, "read")
        return descriptor, path

    async def read(self, text: str, limit: int = FILE_BYTES) -> FileContent:
        """Read a whole file in a worker thread; a slow disk does not hold the loop.

        Raises:
            OSError: EFBIG for a file over `limit` bytes; else as `open`.
        """
        return await anyio.to_thread.run_sync(
            self.read_now, text, limit, abandon_on_cancel=True
        )

    def read_now(self, text: str, limit: int = FILE_BYTES) -> FileContent:
        """Read a whole file, here and now."""
        descriptor, path = self._open_file(text)
        try:
            return FileContent(path, read_bounded(descriptor, text, limit))
        finally:
            os.close(descriptor)

    def straighten(self, text: str) -> str:
        """Return the straight path of something readable; it need not exist."""
        path = self._check_readable(text)
        return straighten(path, self._gate.admission(text, "read"), "read")

    def listing(self, text: str, limit: int) -> Listing:
        """List the readable names of a directory.

        Args:
            text: of a directory.
            limit: how many names to look at, at most.
        """
        path = self.straighten(text)
        descriptor = self._open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return read_listing(descriptor, path, limit, self._gate.may_read)
        finally:
            os.close(descriptor)

    def kind(self, text: str) -> EntryKind:
        """Tell what a readable path is; links are followed.

        Raises:
            OutsideScopeError, FileNotFoundError, OSError: as `open`.
        """
        path = self.straighten(text)
        descriptor = self._open(path, os.O_PATH)
        try:
            mode = os.fstat(descriptor).st_mode
        finally:
            os.close(descriptor)
        if stat.S_ISDIR(mode):
            return "directory"
        return "file" if stat.S_ISREG(mode) else "other"

    def _check_readable(self, text: str) -> str:
        # One view for all: an answer is remembered by the scope that gave it.
        view = self._view
        path = view.gate.locate(text)
        view.gate.admission(text, "read")(path)
        if len(view.readable) >= _REMEMBERED:
            view.readable.clear()
        view.readable[text] = path
        return path

    def _open_bent(self, text: str, path: str, error: OSError) -> tuple[int, str]:
        """Open what did not open straight: follow its links, or say why not."""
        for _ in range(_ATTEMPTS):
            if error.errno == errno.ENXIO:
                raise _not_regular(text, stat.S_IFSOCK, "read") from error
            if error.errno != errno.ELOOP:
                raise error
            straight = straighten(path, self._gate.admission(text, "read"), "read")
            try:
                return self._open(straight, _READING), straight
            except OSError as again:
                error = again
        raise _restless(text, "read")

    # Writing

    async def change(
        self,
        text: str,
        compute: Callable[[str, bytes | None], bytes | Refusal],
        *,
        call: str = "",
    ) -> FileChange | Refusal:
        """Replace a file by what `compute` makes of it, as one step.

        Changes of one file wait for each other. A change that has begun is finished
        even if it is cancelled meanwhile, so nobody has to guess whether it was made.

        Args:
            text: of a file, or of a name where one may be made; missing directories are
                made too.
            compute: (straight path, content or None where there is no file) -> the new
                content, or anything else to leave the file alone. It runs in a worker
                thread, and again if the file changes meanwhile.
            call: whose change it is, for whoever has to wait for it.

        Returns:
            What was done, or what `compute` said instead of a content.

        Raises:
            OutsideScopeError: it may not be written, or is no regular file.
            LeaseLostError: this pod may write nowhere any more.
            OSError: the disk would not; nothing is left behind.
        """
        path = await anyio.to_thread.run_sync(
            self._check_writable, text, abandon_on_cancel=True
        )
        lock = self._locks.get(path)
        if lock is None:
            lock = self._locks[path] = anyio.Lock()
        async with lock:
            # Not abandoned: a cancellation waits for the thread, and so does the lock.
            return await anyio.to_thread.run_sync(
                lambda: self._change_now(text, compute, call)
            )

    def _check_writable(self, text: str) -> str:
        """Return the straight path of something writable; it need not exist."""
        # A link may lie where we only read; what it leads to is judged at the end.
        path = self._gate.locate(text, "write")
        straight = straighten(path, self._gate.admission(text, "write"), "write")
        self._gate.require_writable(straight, text)
        return straight

    def _require_writable(self, text: str, path: str) -> None:
        """Ask the scope as it is by now."""
        self._gate.require_writable(path, text)

    def _change_now(
        self,
        text: str,
        compute: Callable[[str, bytes | None], bytes | Refusal],
        call: str,
    ) -> FileChange | Refusal:
        self._verify_lease()
        for _ in range(_ATTEMPTS):
            path = self._check_writable(text)
            writer = f"{call} ({self.shown(path)})" if call else self.shown(path)
            admit = partial(self._require_writable, text, path)
            with self._writes.write(path, writer, admit):
                done = self._replace(path, text, compute)
            if done is not None:
                return done
        raise _restless(text, "write")

    def _replace(
        self,
        path: str,
        text: str,
        compute: Callable[[str, bytes | None], bytes | Refusal],
    ) -> FileChange | Refusal | None:
        """Try once. None: something else happened to the path."""

        def reader(descriptor: int) -> bytes:
            return read_bounded(descriptor, text, FILE_BYTES)

        with Replacement(
            path,
            opener=self._open,
            require_writable=partial(self._require_writable, text),
            verify_lease=self._verify_lease,
        ) as replacement:
            if not replacement.look():
                return None
            if not replacement.is_regular:
                raise _not_regular(text, replacement.mode, "write")
            before = replacement.read(reader)
            after = compute(path, before)
            if not isinstance(after, bytes):
                return after
            return replacement.commit(before, after)


def _not_regular(
    text: str, mode: int, access: Literal["read", "write"]
) -> OSError | OutsideScopeError:
    if stat.S_ISDIR(mode):
        return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), text)
    kinds = {
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    kind = kinds.get(stat.S_IFMT(mode), "something else")
    return OutsideScopeError(
        path=text, access=access, reason=f"it is {kind}, not a regular file"
    )


def _restless(text: str, access: Literal["read", "write"]) -> OutsideScopeError:
    return OutsideScopeError(
        path=text, access=access, reason="it keeps changing while it is being opened"
    )
