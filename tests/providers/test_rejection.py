from __future__ import annotations

import pytest

from podd.providers.rejection import (
    fault_of_status,
    is_final,
    limit_reset_seconds,
    retry_after_seconds,
)

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


def _openai(**resets):
    left = {f"x-ratelimit-remaining-{what}": "0" for what in resets}
    return left | {f"x-ratelimit-reset-{what}": when for what, when in resets.items()}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        (_openai(requests="1s"), 1),
        (_openai(requests="6m0s", tokens="20ms"), 360),
        (_openai(tokens="1h2m3.5s"), 3723.5),
        (_openai(tokens="2d"), 172_800),
        (_openai(tokens="7.66"), 7.66),
        (_openai(tokens="784111787"), 10),
        (_openai(tokens="soon"), None),
        (_openai(tokens=""), None),
        (_openai(tokens="1994-11-06T08:49:47Z"), 10),
        (_openai(tokens="1994-11-06T08:49:07Z"), 0),
        # A limit that is not used up holds nobody back.
        ({**_openai(tokens="9s"), "x-ratelimit-remaining-tokens": "12"}, None),
        (
            {
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "1994-11-06T08:50:37+00:00",
                "anthropic-ratelimit-requests-remaining": "3",
                "anthropic-ratelimit-requests-reset": "1994-11-06T09:50:37Z",
            },
            60,
        ),
    ],
)
def test_when_a_limit_is_there_again_is_read(headers, seconds):
    assert limit_reset_seconds(headers, AT) == seconds


@pytest.mark.parametrize(
    ("headers", "final"),
    [
        ({"x-should-retry": "false"}, True),
        ({"x-should-retry": "true"}, False),
        ({"x-should-retry": ""}, False),
        ({}, False),
    ],
)
def test_a_server_may_say_that_asking_again_is_of_no_use(headers, final):
    assert is_final(headers) is final
