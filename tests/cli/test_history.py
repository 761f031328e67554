from __future__ import annotations

import pytest

from tests.cli.command_line import podctl
from tests.cli.session_written import TURN, session_written
from tests.client.fake_pod import SESSION, fake_pod


@pytest.mark.parametrize("name", ["demo", "last", "session", "prefix"])
def test_a_session_is_found_by_pod_id_prefix_and_last(capsys, universe, name):
    session = session_written(universe, "demo", *TURN).session
    name = {"session": session, "prefix": session[:8]}.get(name, name)

    said = podctl(capsys, "history", name)

    assert said.code == 0
    assert said.out == (
        "you  2026-11-20 10:00:00Z\n  Hello\n"
        "model  2026-11-20 10:00:00Z\n  Good day.\n"
        "-- turn t1 completed\n"
    )


def test_the_document_has_every_entry_whole(capsys, universe):
    directory = session_written(universe, "demo", *TURN)

    document = podctl(capsys, "history", "demo", "--json").document

    assert document.keys() == {"schema_version", "session", "pod", "entries"}
    assert (document["session"], document["pod"]) == (directory.session, "demo")
    kinds = [(entry["n"], entry["kind"]) for entry in document["entries"]]
    assert kinds == [
        (1, "session_started"),
        (2, "input_accepted"),
        (3, "turn_started"),
        (4, "model_responded"),
        (5, "turn_ended"),
        (6, "session_closed"),
    ]


def test_a_live_pod_means_the_session_that_it_has(capsys, universe):
    """It was resumed with an older session than its newest."""
    session_written(universe, "demo", *TURN)
    (universe.sessions / SESSION).mkdir()
    older = session_written(universe, "other", TURN[0], closed=False)
    (universe.sessions / SESSION).rmdir()
    older.path.rename(universe.sessions / SESSION)

    with fake_pod(universe.socket("demo")):
        document = podctl(capsys, "history", "demo", "--json").document

    assert document["session"] == SESSION
    assert len(document["entries"]) == 2


def test_a_line_that_a_live_pod_is_writing_is_left_out(capsys, universe):
    directory = session_written(universe, "demo", *TURN, closed=False)
    with directory.journal.open("ab") as journal:
        journal.write(b'{"kind":"turn_star')

    document = podctl(capsys, "history", "demo", "--json").document

    assert len(document["entries"]) == 5


def test_what_is_not_there_is_no_such_session(capsys, universe):
    for name in ("nobody", "last", "../x", "x" * 300):
        said = podctl(capsys, "history", name, "--json")

        assert (said.code, said.document["error"]["code"]) == (3, "no_such_session")


def test_a_damaged_journal_is_an_error_after_what_is_sound(capsys, universe):
    directory = session_written(universe, "demo", *TURN)
    content = directory.journal.read_bytes()
    directory.journal.write_bytes(content.replace(b"Good day.", b"Good dax.", 1))

    assert podctl(capsys, "history", "demo").out.startswith("you")
    said = podctl(capsys, "history", "demo", "--json")
    assert (said.code, said.document["error"]["code"]) == (1, "journal_damaged")
    assert said.document["error"]["data"]["line"] == 4


def test_a_session_without_a_word_says_so(capsys, universe):
    session_written(universe, "demo")

    said = podctl(capsys, "history", "demo")

    assert (said.code, said.out) == (0, "")
    assert said.err
