"""Pictures and documents in words, wherever a session is looked at."""

from __future__ import annotations

import io

import pytest

from podd.cli.attached.past import past
from podd.cli.attached.transcript import Transcript
from podd.cli.conversation import paragraphs
from podd.cli.event_words import event_words
from podd.cli.exporting.markdown import Transcript as Markdown
from podd.cli.exporting.records import Input, Result, records
from podd.cli.media_words import media_lines, size_words
from podd.cli.turns import turns
from podd.core.session.entries import AnyEntry
from podd.core.session.events import events
from podd_protocol.values import Media
from tests.core.session.golden_pictures import story

LEAF = "[image leaf.png, image/png, 8 bytes]"
BED = "[image https://garden.example/bed.jpg]"
ALMANAC = "[document almanac.pdf, application/pdf, 5 bytes]"


@pytest.fixture(scope="module")
def entries() -> list[AnyEntry]:
    return story()


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (8, "8 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (34_567, "34 KiB"),
        (5 * 1024 * 1024, "5.0 MiB"),
    ],
)
def test_a_size_in_words(size, words):
    assert size_words(size) == words


def test_a_name_stays_on_its_line():
    document = Media(type="document", name="a\nb\r\n c", bytes=9)

    assert media_lines([document]) == ["[document a b c, 9 bytes]"]


def test_history_has_a_line_for_each(entries):
    told = "\n".join(paragraphs(entries))

    assert f"  Or is it the bed?\n  {LEAF}" in told
    assert f"(while it ran)  2026-11-21 00:00:16Z\n  {BED}\n  {ALMANAC}" in told
    assert "iVBOR" not in told


def test_events_have_them_on_their_line(entries):
    told = [event_words(event) for entry in entries for event in events(entry)]

    assert f"input from user: What ails these? … {LEAF}" in told
    assert f"input from user: {BED} {ALMANAC}" in told


def test_who_is_attached_sees_them(entries):
    transcript = Transcript(io.StringIO())
    lines = [
        line
        for entry in entries
        for event in events(entry)
        for line in transcript.hear(event)
    ]

    assert f"  {LEAF}" in lines
    assert "iVBOR" not in "\n".join(lines)


def test_who_attaches_later_sees_them_too(entries):
    found = past(entries, "golden", io.StringIO())

    assert f"     {LEAF}" in found.lines
    assert found.typed == ["Good morning.", "What ails these?\n\nOr is it the bed?"]


def test_the_turns_of_a_session_name_them(entries):
    assert turns(entries)[1].input.endswith(LEAF)


def test_exported_records_have_all_but_the_content(entries):
    made = list(records(entries))
    inputs = [one.media for one in made if isinstance(one, Input)]
    results = [one.media for one in made if isinstance(one, Result)]
    leaf = Media(type="image", media_type="image/png", bytes=8, name="leaf.png")
    bed = Media(type="image", url="https://garden.example/bed.jpg")

    assert inputs[:2] == [[], [leaf]]
    assert [one.name or one.url for one in inputs[2]] == [bed.url, "almanac.pdf"]
    assert results == [[], [leaf, bed]]


def test_an_exported_transcript_names_them(entries):
    transcript = Markdown()
    text = "".join(transcript.add(record) for record in records(entries))

    assert f"> Or is it the bed?\n\n- `{LEAF}`\n\n" in text
    assert f"**User** · 2026-11-21T00:00:19.000Z\n\n- `{BED}`\n- `{ALMANAC}`\n" in text
    assert "iVBOR" not in text
