from __future__ import annotations

import pytest

from podd.providers.rejection import fault_of_status, retry_after_seconds

AT = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3),
        ({"retry-after": " 2.5 "}, 2.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:47 GMT"}, 10),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:07 GMT"}, 0),
        ({"retry-after": "Sun, 99 Nov 1994 08:49:07 GMT"}, None),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "3"}, 3),
    ],
)
def test_a_wish_to_wait_is_read(headers, seconds):
    assert retry_after_seconds(headers, AT) == seconds


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (302, "not_found"),
        (418, "bad_request"),
        (501, "server_error"),
        (520, "server_error"),
    ],
)
def test_a_status_without_a_meaning_of_its_own_has_that_of_its_class(status, fault):
    assert fault_of_status(status) == fault
