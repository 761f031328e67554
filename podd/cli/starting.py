"""From the words of `spawn` and `resume` to a live pod."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from podd.cli.output import Output
from podd.errors import NoSuchError
from podd.journal.session_directory import SessionDirectory
from podd.journal.sessions import LAST, Sessions
from podd.manifest.loading import LoadRequest, load
from podd.manifest.resolved import Resolved
from podd.paths import Places

if TYPE_CHECKING:
    from podd.launch.start import Started

#: The manifest that is meant where none is named.
DEFAULT_MANIFEST: Final = "podd.toml"

#: A start takes well below a second; a machine that swaps may need this long.
START_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be started, as far as files tell."""

    resolved: Resolved | None
    """None: the session's own manifest."""
    session: SessionDirectory | None
    """None: a new one."""


def wanted(
    places: Places,
    *,
    manifest: str | None,
    overrides: list[str],
    resume: str | None,
) -> Wanted:
    """Read the manifest and find the session.

    Args:
        places: where sessions and the user's layer lie.
        manifest: a file; None: `./podd.toml`, or the session's own with `resume`.
        overrides: each `KEY=VALUE`.
        resume: a session, its pod's name or the beginning of its id; `last` is the
            newest one of the manifest's pod.

    Raises:
        NoSuchError: there is no such file or session.
        ManifestError: the manifest says something that cannot be.
    """
    if resume is None:
        return Wanted(_load(places, manifest, overrides), None)
    sessions = Sessions(places.sessions)
    given = manifest is not None or bool(overrides)
    if resume != LAST:
        session = sessions.find(resume)
        resolved = _load(places, manifest, overrides) if given else None
        return Wanted(resolved, session)
    loaded = _load(places, manifest, overrides)
    session = sessions.newest_of(loaded.manifest.pod.name)
    return Wanted(loaded if given else None, session)


def _load(places: Places, manifest: str | None, overrides: list[str]) -> Resolved:
    file = Path(manifest or DEFAULT_MANIFEST)
    if manifest is None and not file.exists():
        raise NoSuchError(
            what="file",
            name=DEFAULT_MANIFEST,
            hint="name a MANIFEST, or let podctl init write a first one",
        )
    if manifest is not None and file.suffix != ".toml" and not file.exists():
        # Most likely a prompt. A file of that name that is not TOML says so itself.
        raise NoSuchError(
            what="file",
            name=manifest,
            hint="a MANIFEST comes before the PROMPT: podctl spawn podd.toml PROMPT",
        )
    return load(
        LoadRequest(
            file=file.absolute(),
            overrides=tuple(overrides),
            caller_directory=Path.cwd(),
            environment=os.environ,
            places=places,
        )
    )


def started(
    places: Places, want: Wanted, output: Output, *, name: str | None, replace: bool
) -> Started:
    """Start the pod and tell what should be known of it.

    Raises:
        PoddError: as `podd.launch.start.start`.
    """
    from podd.launch.start import StartRequest, start

    pod = start(
        StartRequest(
            places=places,
            resolved=want.resolved,
            name=name,
            resume=None if want.session is None else want.session.session,
            replace=replace,
            timeout_seconds=output.timeout_seconds or START_SECONDS,
        )
    )
    for warning in pod.warnings:
        output.say(f"warning: {warning}")
    return pod
