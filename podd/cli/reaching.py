"""From a name on the command line to a connection."""

from __future__ import annotations

from podd.cli.output import Output
from podd.client.connection import ANSWER_SECONDS, PodConnection
from podd.client.discovery import is_name
from podd.client.ownership import refuse_strangers
from podd.errors import NoSuchError, PodEndedError, PodNotAnsweringError
from podd.paths import Places


def reach(places: Places, name: str, output: Output) -> PodConnection:
    """Connect to the live pod of this name.

    Raises:
        NoSuchError: there is none; for one that has ended, with how to go on.
        PodNotAnsweringError: it says nothing within `--timeout`.
        UnsafeDirectoryError: the runtime directory is not ours alone.
    """
    refuse_strangers(places.runtime)
    if not is_name(name):
        raise NoSuchError(what="pod", name=name)
    log = places.log_file(name)
    try:
        return PodConnection.open(places.socket(name), answer_seconds(output), pod=name)
    except (NoSuchError, PodEndedError) as error:
        # The second: it went away while it was greeted.
        if isinstance(error, NoSuchError) and not log.exists():
            raise
        hint = f"it has ended: podctl resume {name} brings it back"
        raise NoSuchError(what="pod", name=name, hint=hint) from error
    except PodNotAnsweringError as error:
        raise PodNotAnsweringError(
            pod=name, reason=error.reason, log=str(log)
        ) from error


def answer_seconds(output: Output) -> float:
    """How long a pod may take for one answer: never longer than `--timeout`."""
    if output.timeout_seconds is None:
        return ANSWER_SECONDS
    return min(output.timeout_seconds, ANSWER_SECONDS)
