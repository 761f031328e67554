"""Forks of a session that its own pod is writing."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread
import msgspec

import podd
from podd.core.session.stamps import uuid7
from podd.journal.session_directory import SessionDirectory
from podd.runtime.clock import Clock

if TYPE_CHECKING:
    from podd.journal.forking import Fork


class SessionForks(msgspec.Struct, frozen=True):
    """Reads the journal from the disk in a thread: the pod goes on meanwhile."""

    directory: SessionDirectory
    clock: Clock

    async def fork(self, at: int | None) -> Fork:
        """Make a fork.

        Raises:
            PoddError: as `fork_session`.
        """
        from podd.journal.forking import fork_session  # late: most pods are not forked

        session = uuid7(int(self.clock.wall() * 1000), os.urandom(10))
        make = partial(
            fork_session,
            self.directory,
            session,
            at=at,
            now=self.clock.now(),
            podd=podd.__version__,
        )
        return await anyio.to_thread.run_sync(make)
