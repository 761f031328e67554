"""Which sessions may go, and why others stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from podd.cli.duration import since
from podd.cli.kept import kept, newest_first
from podd.client import discovery
from podd.errors import HeldError, NoSuchError, SessionHeldError
from podd.journal.pruning import check_not_held, remove_session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from podd.cli.kept import Kept
    from podd.journal.session_directory import SessionDirectory
    from podd.paths import Places

Reason = Literal["held", "family"]
"""held: a live pod writes it. family: a live pod lent to it, or may have."""

_DAY_SECONDS = 86_400


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is removed, or would be."""

    session: str
    pod: str
    size_bytes: int


class Spared(msgspec.Struct, frozen=True, kw_only=True):
    """A session that met the criterion and stays."""

    session: str
    pod: str
    reason: Reason


class Pruning:
    """Removes sessions one by one."""

    def __init__(self, places: Places, *, only_tell: bool) -> None:
        self._places = places
        self._only_tell = only_tell
        self._family, self._mute = _referred(places)
        self.removed: list[Pruned] = []
        self.spared: list[Spared] = []

    def remove(self, directory: SessionDirectory) -> None:
        """Remove a session that was named.

        Raises:
            SessionHeldError: a live pod has it, or looks after it.
            NoSuchError: it is not there any more.
            StorageError: the disk would not let it go.
        """
        one = kept(directory)
        if self._is_family(one):
            raise SessionHeldError(session=one.session, pod=one.pod)
        if self._only_tell:
            check_not_held(directory)
        else:
            remove_session(directory)
        self.removed.append(
            Pruned(session=one.session, pod=one.pod, size_bytes=one.size_bytes)
        )

    def remove_all(self, found: Iterable[Kept]) -> None:
        """Remove what a criterion has found; what is held stays, and is noted.

        Raises:
            StorageError: the disk would not let one go.
        """
        for one in found:
            try:
                self.remove(one.directory)
            except HeldError:
                reason: Reason = "family" if self._is_family(one) else "held"
                self.spared.append(
                    Spared(session=one.session, pod=one.pod, reason=reason)
                )
            except NoSuchError:
                continue  # somebody else was quicker

    def _is_family(self, one: Kept) -> bool:
        below_mute = any(
            one.pod == name or one.pod.startswith(f"{name}.") for name in self._mute
        )
        return one.session in self._family or below_mute


def matching(
    places: Places, *, older_than_days: float | None, keep: int | None
) -> list[Kept]:
    """The sessions that all given criteria let go, newest first.

    Args:
        places: where sessions are.
        older_than_days: since they were last written to.
        keep: how many of each pod stay, the newest.
    """
    seen: dict[str, int] = {}
    found: list[Kept] = []
    for one in newest_first(places):
        seen[one.pod] = seen.get(one.pod, 0) + 1
        if keep is not None and seen[one.pod] <= keep:
            continue
        if older_than_days is not None:
            age = since(one.changed) if one.changed else 0.0
            if age < older_than_days * _DAY_SECONDS:
                continue
        found.append(one)
    return found


def _referred(places: Places) -> tuple[set[str], list[str]]:
    """Sessions that live pods have to do with, and pods that do not say."""
    from podd.scope_lock.listing import allocations
    from podd.scope_lock.table import Table

    with Table(places) as table:
        found = {one.session for one in allocations(table) if one.alive}
    mute: list[str] = []
    for pod in discovery.pods(places):
        if pod.status is None:
            mute.append(pod.name)
            continue
        found.add(pod.status.session)
        found.update(child.session for child in pod.status.children)
    return found, mute
