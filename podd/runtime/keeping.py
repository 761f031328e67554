"""What is kept beside the journal, where the manifest wants it: traces, recordings."""

from __future__ import annotations

from podd.core.pod.state import PodState
from podd.journal.session_directory import SessionDirectory
from podd.runtime.abilities import Abilities
from podd.runtime.performer import Performer


def keep_beside(
    abilities: Abilities,
    directory: SessionDirectory,
    state: PodState,
    performer: Performer,
) -> None:
    """Have it kept in the session's directory; nothing where nobody wants it."""
    # Imported late: hardly any pod wants them.
    agent = abilities.resolved.manifest.agent
    if agent.trace:
        from podd.runtime.trace import Traces

        abilities.traces = Traces(
            path=directory.traces,
            state=state,
            clock=performer.clock,
            tasks=performer.tasks,
            alert=performer.feed.live,
        )
    if agent.record:
        from podd.runtime.recordings import Recordings

        abilities.recordings = Recordings.into(
            directory.recordings,
            state=state,
            clock=performer.clock,
            tasks=performer.tasks,
            alert=performer.feed.live,
        )
