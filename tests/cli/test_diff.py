from __future__ import annotations

import stat

import pytest

from podd.journal.sessions import Sessions
from tests.cli.command_line import on_terminal, podctl
from tests.cli.session_written import file_changed, session_written


@pytest.fixture
def changed(universe, tmp_path):
    """A session in which one file was made and two were changed."""
    made, edited, picture = (tmp_path / n for n in ("made", "edited", "picture"))
    contents = {made: (None, b"new\n"), edited: (b"old\n", b"new\n")}
    contents[picture] = (b"\0old", b"\0new")
    for path, (_, after) in contents.items():
        path.write_bytes(after)
    entries = [file_changed(None, p, b, a) for p, (b, a) in contents.items()]
    directory = session_written(universe, "demo", *entries, workdir=str(tmp_path))
    for before, _ in contents.values():
        if before is not None:
            directory.blobs.put(before)
    return directory


def test_a_unified_diff_from_before_the_session_to_now(capsys, changed):
    said = podctl(capsys, "diff", "demo")

    assert said.code == 0
    assert said.out == (
        "--- /dev/null\n+++ b/made\n@@ -0,0 +1 @@\n+new\n"
        "--- a/edited\n+++ b/edited\n@@ -1 +1 @@\n-old\n+new\n"
        "binary file picture: modified\n"
    )


def test_the_document_has_exactly_these_fields(capsys, changed, tmp_path):
    document = podctl(capsys, "diff", changed.session, "--json").document

    assert document.keys() == {"schema_version", "session", "files"}
    made, edited, picture = document["files"]
    assert edited == {
        "path": str(tmp_path / "edited"),
        "change": "modified",
        "shown": "text",
        "changed_since": False,
        "added": 1,
        "removed": 1,
        "diff": "--- a/edited\n+++ b/edited\n@@ -1 +1 @@\n-old\n+new\n",
    }
    assert (made["change"], picture["shown"]) == ("created", "binary")


def test_what_went_or_was_changed_again_is_said(capsys, changed, tmp_path):
    (tmp_path / "made").unlink()
    (tmp_path / "edited").unlink()
    (tmp_path / "picture").write_bytes(b"mine\n")

    made, edited, picture = podctl(capsys, "diff", "demo", "--json").document["files"]

    assert (made["change"], made["changed_since"]) == ("unchanged", True)
    assert (edited["change"], edited["changed_since"]) == ("deleted", True)
    assert (picture["change"], picture["changed_since"]) == ("modified", True)


def test_a_missing_content_is_damage_with_its_line(capsys, changed):
    for blob in changed.blobs.directory.iterdir():
        blob.chmod(stat.S_IRUSR | stat.S_IWUSR)
        blob.unlink()

    said = podctl(capsys, "diff", "demo", "--json")

    assert (said.code, said.document["error"]["code"]) == (1, "journal_damaged")
    assert said.document["error"]["data"]["damage"] == "blob_missing"
    assert said.document["error"]["data"]["line"] == 3


def test_a_session_that_changed_nothing_says_so(capsys, universe):
    session_written(universe, "demo")
    assert Sessions(universe.sessions).find("demo")

    said = podctl(capsys, "diff", "demo")

    assert (said.code, said.out) == (0, "")
    assert said.err


@pytest.mark.parametrize("plain", [False, True])
def test_colours_only_on_a_terminal_that_wants_them(changed, monkeypatch, plain):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if plain:
        monkeypatch.setenv("NO_COLOR", "1")

    shown = on_terminal(monkeypatch, "diff", "demo")

    assert ("\x1b[32m+new\x1b[0m" in shown) is not plain
    assert "+new" in shown


def test_a_file_cannot_move_a_terminal(universe, tmp_path, monkeypatch):
    path = tmp_path / "evil"
    path.write_bytes(b"\x1b[2Jgone\n")
    session_written(universe, "demo", file_changed(None, path, None, b"x"))

    shown = on_terminal(monkeypatch, "diff", "demo")

    assert "\x1b[2J" not in shown
    assert "gone" in shown
