"""Forks and rewinds of real pods."""

from __future__ import annotations

import pytest

from podd.core.pod.fold import fold
from podd.errors import FailureReplyError, NameTakenError
from podd.journal.reader import read_entries
from podd.journal.session_directory import SessionDirectory
from podd.journal.verification import verify
from podd_protocol.requests import Fork, Rewind, Run
from tests.launch.pods import (
    ENDLESS,
    OUTLIVES,
    WRITE,
    kill,
    resumed,
    started,
    subscribed,
    until,
    write_pod,
)

pytestmark = [pytest.mark.processes, pytest.mark.filterwarnings(OUTLIVES)]


def _state(places, session):
    directory = SessionDirectory(places.session(session))
    return fold(entry for _, entry in read_entries(directory))


def test_a_live_pod_is_forked_between_its_steps_and_goes_on(places, tmp_path):
    pod = started(places, write_pod(tmp_path, 'text = "one"', ENDLESS))
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="first"))
        until(connection, "turn_ended")
        connection.ask(Run(id=0, input="second"))
        until(connection, "text_delta")

        made = connection.ask(Fork(id=0))
        with pytest.raises(FailureReplyError) as caught:
            connection.ask(Fork(id=0, at=made.at + 1))
        until(connection, "text_delta")

        with pytest.raises(NameTakenError):
            resumed(places, made.session)
    assert caught.value.code == "bad_field"
    assert caught.value.details["before"] == made.at
    assert verify(SessionDirectory(places.session(made.session))).last_n == made.at + 1
    kill(pod)

    fork = resumed(places, made.session)

    with subscribed(fork, after=None) as connection:
        connection.ask(Run(id=0, input="in the fork"))
        until(connection, "text_delta")
    said = [
        getattr(item, "text", "") for item in _state(places, fork.session).conversation
    ]
    assert said[0] == "first"
    assert said[-1] == "in the fork"
    # The turn that had begun in the original was asked for, and nothing was answered.
    assert _state(places, pod.session).turn.turn == "t2"


def test_a_rewound_conversation_is_so_after_a_kill(places, tmp_path):
    manifest = write_pod(tmp_path, 'text = "one"', WRITE, 'text = "two"')
    pod = started(places, manifest)
    with subscribed(pod) as connection:
        for text in ("first", "second"):
            connection.ask(Run(id=0, input=text))
            until(connection, "turn_ended")
        answered = connection.ask(Rewind(id=0, to="t1"))
    kill(pod)

    assert answered.files_changed_since == [str(tmp_path / "work" / "made.txt")]
    assert (tmp_path / "work" / "made.txt").read_text(encoding="utf-8") == "x"
    again = resumed(places, pod.session)
    with subscribed(again, after=None) as connection:
        connection.ask(Run(id=0, input="instead"))
        until(connection, "turn_ended")

    state = _state(places, pod.session)
    texts = [item.text for item in state.conversation if hasattr(item, "text")]
    assert texts[:2] == ["first", "instead"]
    assert list(state.marks) == ["t1", "t3"]
