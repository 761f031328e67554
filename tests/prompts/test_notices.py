from __future__ import annotations

import subprocess
import sys

import pytest

from podd.errors import ManifestError
from podd.prompts.catalogue import Catalogue
from podd.prompts.notices import Notices


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
        texts.unknown("write_file", "2026-11-21T00:00:00.000Z"),
        texts.unknown("write_file", ""),
    ]
    assert len(set(summaries)) == 5
    for summary in summaries:
        assert summary == " ".join(summary.split())
        assert "{" not in summary
    assert "write_file" in summaries[3]
    assert "2026-11-21T00:00:00.000Z" in summaries[3]
    assert "started" not in summaries[4]


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
