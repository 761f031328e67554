"""Nothing that is declared is left out of the unions, nothing is there twice."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import msgspec
import pytest

from podd_protocol.event import Durable, Event
from podd_protocol.events import AnyEvent, DurableEvent, LiveEvent
from podd_protocol.replies import AnyReply, FailureCode, Reply
from podd_protocol.requests import NOT_SUPPORTED, AnyRequest, Request
from tests.protocol.golden import KINDS, tag

METHODS = {
    "hello", "run", "notify", "pod_event", "subscribe", "status", "history", "pause",
    "resume", "cancel", "approve", "deny", "answer", "configure", "fork", "rewind",
    "compact", "usage", "shutdown",
}  # fmt: skip
CODES = {
    "bad_frame", "too_large", "version_mismatch", "not_greeted", "unknown_method",
    "not_supported", "bad_field", "busy", "not_running", "not_paused", "no_such_turn",
    "no_such_call", "no_such_question", "scope_conflict", "outside_scope", "denied",
    "over_budget", "stopping", "storage", "provider", "internal",
}  # fmt: skip


def _declared(parent: type[msgspec.Struct]) -> set[type[msgspec.Struct]]:
    children = parent.__subclasses__()
    tagged = {child for child in children if child.__struct_config__.tag is not None}
    return tagged.union(*map(_declared, children)) - {Durable}


@pytest.mark.parametrize(
    ("parent", "union"),
    [(Request, AnyRequest), (Reply, AnyReply), (Event, AnyEvent)],
)
def test_a_union_holds_every_message_that_is_declared(parent, union) -> None:
    assert set(get_args(union)) == _declared(parent)


def test_an_event_is_durable_or_live() -> None:
    durable, live = set(get_args(DurableEvent)), set(get_args(LiveEvent))

    assert durable == _declared(Durable)
    assert live == _declared(Event) - durable


@pytest.mark.parametrize("kind", KINDS)
def test_no_name_is_given_twice(kind) -> None:
    counted = Counter(tag(struct) for struct in KINDS[kind])

    assert [name for name, count in counted.items() if count > 1] == []


def test_every_method_of_the_contract_is_served_or_refused_by_name() -> None:
    served = {tag(struct) for struct in KINDS["requests"]}

    assert served | NOT_SUPPORTED == METHODS
    assert served & NOT_SUPPORTED == set()


def test_the_codes_are_those_of_the_contract() -> None:
    assert set(get_args(FailureCode)) == CODES


@pytest.mark.parametrize("kind", KINDS)
def test_messages_are_frozen_and_say_what_they_are(kind) -> None:
    for struct in KINDS[kind]:
        assert struct.__struct_config__.frozen
        assert struct.__doc__
