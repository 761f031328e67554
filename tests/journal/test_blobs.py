"""Long contents lie beside the journal and come back whole."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest

from podd.core.session import entries as e
from podd.core.session.chain import seal
from podd.errors import JournalDamagedError
from podd.journal.blobs import BlobFault
from podd.journal.disk import replace_file
from podd.journal.verification import verify

LONG = "ü" * 40_000
DIGEST = sha256(LONG.encode()).hexdigest()


def _with_long_text(writing):
    journal = writing.create()
    journal.append(writing.note(LONG))
    journal.close()
    return journal.directory


def test_a_long_text_is_named_in_the_line_and_restored_on_reading(writing):
    directory = _with_long_text(writing)

    line = directory.journal.read_bytes().splitlines()[-1]
    assert msgspec.json.decode(line)["text"] == {"$blob": DIGEST, "bytes": 80_000}
    assert directory.blobs.path(DIGEST).read_bytes() == LONG.encode()
    assert writing.open()[1][-1].text == LONG


def test_the_same_content_is_kept_once(writing):
    directory = _with_long_text(writing)
    before = directory.blobs.path(DIGEST).stat()
    journal, _, _ = writing.open()

    journal.append(writing.note(LONG))

    assert directory.blobs.path(DIGEST).stat().st_ino == before.st_ino
    assert len(list(directory.blobs.directory.iterdir())) == 1


def test_an_object_that_looks_like_a_reference_stays_what_it_is(writing):
    value = {"$blob": "not a digest", "bytes": 3, "$$blob": ["$blob"]}
    journal = writing.create()
    journal.append(
        e.SessionStarted(
            format=1,
            session="s",
            pod="p",
            origin=e.Origin(kind="new"),
            manifest=value,
            podd="0",
        )
    )
    journal.close()

    assert writing.open()[1][-1].manifest == value


@pytest.mark.parametrize(
    ("content", "damage"),
    [
        (None, "blob_missing"),
        (b"other", "blob_altered"),
        (b"x" * len(LONG.encode()), "blob_altered"),
    ],
)
def test_a_blob_that_is_gone_or_altered_is_damage_at_its_line(writing, content, damage):
    directory = _with_long_text(writing)
    path = directory.blobs.path(DIGEST)
    path.unlink() if content is None else path.write_bytes(content)

    for look in (writing.open, lambda: verify(directory)):
        with pytest.raises(JournalDamagedError) as caught:
            look()
        assert (caught.value.line, caught.value.damage) == (2, damage)
        assert DIGEST in caught.value.reason


def test_a_blob_of_another_length_than_its_line_says_is_damage(writing):
    journal = writing.create()
    digest = journal.directory.blobs.put(b"content")
    entry = {"kind": "turn_resumed", "n": 2, "turn": {"$blob": digest, "bytes": 8}}
    line, _ = seal(msgspec.json.encode(entry), journal.digest)
    with journal.directory.journal.open("ab") as file:
        file.write(line)

    with pytest.raises(JournalDamagedError) as caught:
        verify(journal.directory)

    assert (caught.value.line, caught.value.damage) == (2, "blob_altered")


def test_a_file_that_cannot_be_replaced_leaves_no_draft(tmp_path):
    (tmp_path / "target").mkdir()

    with pytest.raises(IsADirectoryError):
        replace_file(tmp_path / "target", b"content")

    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_the_content_of_a_changed_file_is_verified_too(writing):
    journal = writing.create()
    before = journal.directory.blobs.put(b"old content")
    journal.append(
        e.FileChanged(
            turn="t1", call="c1", path="a", change="modified", before=before, after=""
        )
    )
    journal.close()
    assert verify(journal.directory).last_n == 2

    journal.directory.blobs.path(before).write_bytes(b"new content")

    with pytest.raises(JournalDamagedError) as caught:
        verify(journal.directory)
    assert (caught.value.line, caught.value.damage) == (2, "blob_altered")


@pytest.mark.parametrize("name", ["", "..", "../journal.jsonl", "A" * 64])
def test_what_is_no_digest_never_becomes_a_path(writing, name):
    blobs = writing.create().directory.blobs

    assert blobs.get(name) == BlobFault("blob_missing", name)
    assert blobs.check(name) == BlobFault("blob_missing", name)


def test_a_blob_cut_short_by_a_crash_is_written_again(writing):
    blobs = writing.create().directory.blobs
    digest = blobs.put(b"content")
    blobs.path(digest).write_bytes(b"cont")

    blobs.put(b"content")

    assert blobs.get(digest) == b"content"
