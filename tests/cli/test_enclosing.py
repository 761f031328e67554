"""Files that go to the model with a prompt."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from podd.cli.enclosing import enclosed, files_in
from podd.core.context.media import DOCUMENT_BYTES, IMAGE_BYTES, PARTS
from podd.errors import NoSuchError, UsageError
from podd_protocol.requests import DocumentInput, ImageInput, TextInput

PNG = b"\x89PNG\r\n\x1a\n"
PDF = b"%PDF-1.7\n"


def _file(directory: Path, name: str, content: bytes) -> str:
    file = directory / name
    file.write_bytes(content)
    return str(file)


def test_a_prompt_alone_stays_what_it_is():
    assert enclosed("hi", []) == "hi"


def test_files_come_before_the_prompt_and_are_known_by_what_is_in_them(tmp_path):
    leaf = _file(tmp_path, "leaf.dat", PNG)
    almanac = _file(tmp_path, "almanac", PDF)

    assert enclosed("What ails it?", files_in([leaf, almanac])) == [
        ImageInput(
            media_type="image/png",
            data=base64.b64encode(PNG).decode(),
            name="leaf.dat",
        ),
        DocumentInput(
            media_type="application/pdf",
            data=base64.b64encode(PDF).decode(),
            name="almanac",
        ),
        TextInput(text="What ails it?"),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"\x89PNG", "begins like none"),
        (b"<svg/>", "begins like none"),
        (b"BM" + bytes(60), "begins like none"),
        (PNG.ljust(IMAGE_BYTES + 1, b"\0"), "at most 5.0 MiB"),
        (PDF.ljust(DOCUMENT_BYTES + 1, b"\0"), "at most 10.0 MiB"),
    ],
)
def test_what_models_do_not_take_is_refused_by_its_path(tmp_path, content, words):
    path = _file(tmp_path, "x.png", content)

    with pytest.raises(UsageError) as refused:
        files_in([path])

    assert path in str(refused.value)
    assert words in str(refused.value)
    assert refused.value.remedy


def test_the_largest_that_is_taken_is_taken(tmp_path):
    (part,) = files_in([_file(tmp_path, "x.png", PNG.ljust(IMAGE_BYTES, b"\0"))])

    assert isinstance(part, ImageInput)


def test_a_file_that_is_not_there_is_said_to_be_so(tmp_path):
    with pytest.raises(NoSuchError):
        files_in([str(tmp_path / "none.png")])


@pytest.mark.parametrize("kind", ["directory", "pipe", "null byte"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, kind):
    path = str(tmp_path / "x")
    match kind:
        case "directory":
            os.mkdir(path)  # noqa: PTH102  # text
        case "pipe":
            os.mkfifo(path)
        case _:
            path += "\0"

    with pytest.raises(UsageError):
        files_in([path])


@pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not bind root")
def test_a_file_that_may_not_be_read_is_said_to_be_so(tmp_path):
    path = _file(tmp_path, "x.png", PNG)
    os.chmod(path, 0)  # noqa: PTH101  # text

    with pytest.raises(UsageError):
        files_in([path])


def test_too_many_are_refused_before_they_are_read():
    with pytest.raises(UsageError):
        files_in(["nowhere.png"] * (PARTS + 1))


def test_more_than_a_line_takes_is_refused_before_it_is_sent(tmp_path):
    largest = _file(tmp_path, "x.png", PNG.ljust(IMAGE_BYTES, b"\0"))

    assert len(enclosed("hi", files_in([largest, largest]))) == 3
    with pytest.raises(UsageError) as refused:
        enclosed("hi", files_in([largest, largest, largest]))
    assert "16.0 MiB" in str(refused.value)


def test_a_name_that_is_no_text_can_be_sent(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")
    Path(path).write_bytes(PNG)

    (part,) = files_in([path])

    assert isinstance(part, ImageInput)
    assert part.name == "\ufffd.png"
