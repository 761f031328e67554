from __future__ import annotations

import subprocess
import sys

import pytest

from podd.core.turn.known import Changes, KnownOfCall
from podd.errors import ManifestError
from podd.prompts.catalogue import Catalogue
from podd.prompts.notices import Notices

NOTHING_KNOWN = KnownOfCall(call="t1.1.1")


def test_a_notification_names_its_origin_and_leaves_its_text_alone() -> None:
    text = Notices(Catalogue()).notification("p.child", "a {{ b }}\n<c>")
    assert "p.child" in text
    assert text.endswith("a {{ b }}\n<c>")


def test_the_last_steps_notice_names_the_limit() -> None:
    text = Notices(Catalogue()).limit("steps", 50)
    assert "steps" in text
    assert "50" in text


def test_what_deciding_takes_is_whole_and_in_one_line() -> None:
    texts = Notices(Catalogue()).texts()
    summaries = [
        texts.cut_off,
        texts.no_tools_left,
        texts.interrupted,
        texts.unknown("write_file", "2026-11-21T00:00:00.000Z", NOTHING_KNOWN),
        texts.unknown("write_file", "", NOTHING_KNOWN),
    ]
    assert len(set(summaries)) == 5
    for summary in summaries:
        assert summary == " ".join(summary.split())
        assert "{" not in summary
    assert "write_file" in summaries[3]
    assert "2026-11-21T00:00:00.000Z" in summaries[3]
    assert "started" not in summaries[4]


def _unknown(**known) -> str:
    found = KnownOfCall(call="t1.1.1", **known)
    return Notices(Catalogue()).unknown("bash", "2026-11-21T00:00:00.000Z", found)


def test_what_is_known_of_a_lost_call_is_said_and_nothing_else() -> None:
    nothing = _unknown()

    assert "output" not in nothing
    assert "file" not in nothing
    assert "120 bytes" in _unknown(output="x", output_bytes=120)
    assert "the file is now as it was to be" in _unknown(is_written=True)
    assert "the file is not as it was to be" in _unknown(is_written=False)
    assert "no file that you may write is seen to have changed" in _unknown(
        changes=Changes()
    )
    some = _unknown(changes=Changes(paths=("a", "b/c"), more=3, is_complete=False))
    assert "by their times: a, b/c and 3 more (not all files were looked at)" in some
    assert "no file" not in some
    assert "more" not in _unknown(changes=Changes(paths=("a",)))


def test_a_text_of_the_users_is_tried_at_once(shelf) -> None:
    path = shelf.write(shelf.user / "notification.md", "fine\n{{ mesage }}")
    with pytest.raises(ManifestError) as caught:
        Notices(shelf.catalogue)
    assert (caught.value.path, caught.value.line) == (str(path), 2)


def test_a_text_edited_later_changes_nothing(shelf) -> None:
    path = shelf.write(shelf.user / "interrupted.md", "first\nline")
    notices = Notices(shelf.catalogue)
    path.write_text("{{ broken", encoding="utf-8")
    assert notices.interrupted() == "first line"


def test_without_texts_of_others_no_template_engine_is_needed() -> None:
    code = (
        "import sys; from podd.prompts.notices import Notices, Catalogue\n"
        "Notices(Catalogue()).texts(); print('jinja2' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert done.stdout.strip() == "False"
