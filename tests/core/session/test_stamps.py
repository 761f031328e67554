"""Moments and session ids as they are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.core.session.stamps import rfc3339, uuid7

_milliseconds = st.integers(0, (1 << 48) - 1)
_ten_bytes = st.binary(min_size=10, max_size=10)


@pytest.mark.parametrize(
    ("nanoseconds", "written"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (999_999, "1970-01-01T00:00:00.000Z"),
        (1_000_000, "1970-01-01T00:00:00.001Z"),
        (1_795_226_523_004_999_999, "2026-11-21T02:02:03.004Z"),
        (951_782_399_999_000_000, "2000-02-28T23:59:59.999Z"),
    ],
)
def test_a_moment_is_written_in_utc_with_milliseconds_never_rounded_up(
    nanoseconds, written
):
    assert rfc3339(nanoseconds) == written


@given(st.integers(0, 253_402_300_799_999))
def test_a_moment_can_be_read_again_to_the_millisecond(milliseconds):
    read = datetime.fromisoformat(rfc3339(milliseconds * 1_000_000))

    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert (read - epoch) // timedelta(milliseconds=1) == milliseconds


@given(st.lists(st.integers(0, 10**19), min_size=2, max_size=5))
def test_moments_sort_as_they_are_written(moments):
    written = [rfc3339(moment) for moment in sorted(moments)]

    assert written == sorted(written)


def test_the_example_of_the_standard_is_written_as_it_stands_there():
    """RFC 9562, appendix A.6."""
    random = (0xCC3 << 64 | 0x18C4DC0C0C07398F).to_bytes(10, "big")

    assert uuid7(0x017F22E279B0, random) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(_milliseconds, _ten_bytes)
def test_a_session_is_a_uuid_of_version_7_that_holds_its_time(milliseconds, random):
    uuid = UUID(uuid7(milliseconds, random))

    assert uuid.version == 7
    assert uuid.variant == RFC_4122
    assert uuid.int >> 80 == milliseconds


@given(_milliseconds, _ten_bytes, st.integers(0, 79))
def test_every_random_bit_that_has_a_place_counts(milliseconds, random, bit):
    flipped = (int.from_bytes(random, "big") ^ 1 << bit).to_bytes(10, "big")
    same = uuid7(milliseconds, random) == uuid7(milliseconds, flipped)

    # The six bits of the version and the variant are given.
    assert same == (bit in {62, 63, 76, 77, 78, 79})


@given(st.lists(_milliseconds, min_size=2, max_size=5, unique=True), _ten_bytes)
def test_sessions_sort_by_their_time(times, random):
    sessions = [uuid7(time, random) for time in sorted(times)]

    assert sessions == sorted(sessions)
