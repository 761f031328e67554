"""The chain: what is found, and where."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from podd.core.session.chain import (
    GENESIS,
    ChainFault,
    WholeLine,
    check,
    digest_of,
    reseal,
    seal,
    whole_line,
)


def test_the_digest_covers_the_previous_digest_and_the_bytes_before_its_own_field():
    line, digest = seal(b'{"n":1}', GENESIS)

    body, separator, _ = line.rpartition(b',"digest"')
    assert separator
    assert digest == sha256(b"0" * 64 + body).hexdigest()


def test_a_line_is_one_json_object_with_the_digest_as_its_last_field():
    line, digest = seal(b'{"n":1,"text":"a\\nb"}', GENESIS)

    assert line.count(b"\n") == 1
    assert list(json.loads(line).items()) == [
        ("n", 1),
        ("text", "a\nb"),
        ("digest", digest),
    ]


def test_a_sealed_line_holds_with_and_without_its_newline():
    line, digest = seal(b'{"n":1}', GENESIS)

    assert check(line, GENESIS) == digest
    assert check(line[:-1], GENESIS) == digest


def test_a_line_holds_behind_its_predecessor_only():
    _, first = seal(b'{"n":1}', GENESIS)
    line, digest = seal(b'{"n":2}', first)

    assert check(line, first) == digest
    assert check(line, GENESIS) == ChainFault("wrong_digest")


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"{}\n", b'{"n":1}\n', b',"digest":"' + b"0" * 64 + b'"}\n']
)
def test_bytes_without_a_digest_at_their_end_are_told_apart(line):
    assert check(line, GENESIS) == ChainFault("no_digest")


def test_the_digest_has_one_spelling():
    line, digest = seal(b'{"n":1}', GENESIS)
    assert digest.upper() != digest, "pick an entry whose digest has a letter"

    assert isinstance(
        check(line.replace(digest.encode(), digest.upper().encode()), GENESIS),
        ChainFault,
    )
    assert isinstance(check(line[:-2] + b" }\n", GENESIS), ChainFault)


def test_a_whole_line_is_found_before_bytes_that_follow_it():
    line, digest = seal(b'{"n":1}', GENESIS)

    assert whole_line(line[:-1] + b"\0" * 40, GENESIS) == WholeLine(
        len(line) - 1, digest
    )


def test_a_digest_field_inside_an_entry_does_not_end_the_line():
    inner = b'{"n":1,"origin":{"n":4,"digest":"' + b"a" * 64 + b'"},"z":1}'
    line, digest = seal(inner, GENESIS)

    assert whole_line(line[:-1], GENESIS) == WholeLine(len(line) - 1, digest)
    assert whole_line(line[: len(inner)], GENESIS) is None


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_goes_into_another_chain_with_its_entry_unchanged(end):
    line, digest = seal(b'{"n":2,"text":"a"}', "1" * 64)
    line = line.rstrip(b"\n") + end

    again, other = reseal(line, "2" * 64)

    assert again == seal(b'{"n":2,"text":"a"}', "2" * 64)[0]
    assert (digest_of(line), digest_of(again)) == (digest, other)
