"""Long strings leave and come back; what only looks like a reference stays."""

from __future__ import annotations

from hashlib import sha256

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from podd.core.session.contents import (
    INLINE_BYTES,
    detach,
    must_restore,
    named,
    restore,
)

_keys = st.sampled_from(["$blob", "$$blob", "$$$blob", "blob", "bytes", "a", "$"])
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3)
    ),
    max_leaves=8,
)


class _Store:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        digest = sha256(content).hexdigest()
        self.kept[digest] = content
        return digest

    def get(self, digest: str, length: int) -> str:
        content = self.kept[digest]
        assert len(content) == length
        return content.decode()


def test_a_string_leaves_from_one_byte_over_the_limit_on():
    store = _Store()

    assert detach({"a": "x" * INLINE_BYTES}, store.put) == {"a": "x" * INLINE_BYTES}
    assert store.kept == {}

    long = "x" * (INLINE_BYTES + 1)
    digest = sha256(long.encode()).hexdigest()
    assert detach({"a": [long]}, store.put) == {
        "a": [{"$blob": digest, "bytes": INLINE_BYTES + 1}]
    }
    assert store.kept == {digest: long.encode()}


def test_the_limit_counts_bytes_not_characters():
    store = _Store()

    detach("ü" * (INLINE_BYTES // 2 + 1), store.put)

    assert len(store.kept) == 1


@given(_values)
def test_detaching_and_restoring_gives_the_same_value(value):
    store = _Store()

    detached = msgspec.json.decode(msgspec.json.encode(detach(value, store.put)))

    assert restore(detached, store.get) == value
    assert store.kept == {}


@given(_values)
def test_a_line_that_needs_no_look_is_restored_unchanged(value):
    store = _Store()
    line = msgspec.json.encode(detach(value, store.put))

    if not must_restore(line):
        assert (
            restore(msgspec.json.decode(line), store.get)
            == value
            == (msgspec.json.decode(line))
        )


@given(_values)
def test_the_blobs_that_a_line_names_are_those_that_were_put(value):
    store = _Store()
    line = msgspec.json.encode(detach([value, "x" * 70_000], store.put))
    got = []

    restore(msgspec.json.decode(line), lambda digest, _: got.append(digest) or "")

    assert named(line) == got
