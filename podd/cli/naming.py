"""What a NAME or a SESSION on the command line stands for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from podd.client.discovery import STATUS_SECONDS, LivePod, find, is_name
from podd.errors import NoSuchError

if TYPE_CHECKING:
    from podd.journal.session_directory import SessionDirectory
    from podd.paths import Places


#: Bytes of a file's name that every file system takes; a pod's is shorter.
_NAME_BYTES: Final = 255


def is_pod_name(name: str) -> bool:
    """Whether there could be, or have been, a pod with this name."""
    return is_name(name) and len(os.fsencode(name)) <= _NAME_BYTES


def live_pod(
    places: Places, name: str, timeout_seconds: float | None = None
) -> LivePod:
    """The live pod of this name.

    Raises:
        NoSuchError: there is none; for one that has ended, with how to go on.
    """
    limit = STATUS_SECONDS if timeout_seconds is None else timeout_seconds
    try:
        return find(places, name, timeout_seconds=limit)
    except NoSuchError as error:
        if not is_pod_name(name) or not places.log_file(name).exists():
            raise
        raise NoSuchError(
            what="pod",
            name=name,
            hint=(
                f"it has ended: podctl resume {name} goes on with its session, "
                f"podctl history {name} and podctl log {name} show what was"
            ),
        ) from error


def session_meant(places: Places, text: str) -> SessionDirectory:
    """The session that NAME or SESSION stands for, live or not.

    A live pod's name means the session it has, which need not be its newest: it may
    have been resumed with an older one.

    Raises:
        NoSuchError: nothing is called that.
        UsageError: several sessions begin like this.
    """
    from podd.journal.sessions import Sessions

    sessions = Sessions(places.sessions)
    try:
        status = find(places, text).status
    except NoSuchError:
        return sessions.find(text)
    return sessions.find(text) if status is None else sessions.named(status.session)
