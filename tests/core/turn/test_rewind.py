"""Going back in a conversation: what is kept, what is out of it, what is refused."""

from __future__ import annotations

import pytest

from podd.core.session import entries as e
from podd.core.turn import inputs as i
from tests.core.turn.host import PAUSE, Host, call, finished, queued, told


def _rewind(to: str) -> i.RewindRequested:
    return i.RewindRequested(to=to)


def _turn(host: Host, text: str, *paths: str) -> None:
    """A whole turn, in which these files are changed."""
    host.tell(queued(text))
    turn = host.state.turn
    assert turn is not None
    for step, path in enumerate(paths, 1):
        host.answers(call("write_file"))
        change = i.FileChange(path=path, change="created", before=None, after="a" * 64)
        host.tell(finished(f"{turn.turn}.{step}.1", changes=(change,)))
    host.answers(f"{text} done")


@pytest.fixture
def host():
    made = Host.after()
    _turn(made, "one", "/a")
    _turn(made, "two", "/b", "/a")
    _turn(made, "three", "/c")
    return made


def test_what_came_after_the_turn_is_out_of_the_conversation(host):
    twin = Host.after()
    _turn(twin, "one", "/a")

    heard = host.tell(_rewind("t1"))

    assert heard.kinds == ["rewound"]
    assert host.texts() == twin.texts()
    assert host.state.conversation_digest == twin.state.conversation_digest


def test_the_files_changed_since_are_told_by_their_newest_change(host):
    (rewound,) = host.tell(_rewind("t1")).entries

    assert rewound.files_changed_since == ("/b", "/a", "/c")


def test_changes_of_turns_that_were_rewound_away_are_still_there(host):
    host.tell(_rewind("t2"))
    _turn(host, "four", "/d")

    (rewound,) = host.tell(_rewind("t2")).entries

    assert rewound.files_changed_since == ("/c", "/d")


def test_the_start_clears_the_conversation(host):
    (rewound,) = host.tell(_rewind("start")).entries

    assert host.state.conversation == []
    assert host.state.conversation_digest == Host.after().state.conversation_digest
    assert rewound.files_changed_since == ("/b", "/a", "/c")
    assert host.state.marks == {}


def test_numbers_are_not_used_again_and_usage_stays(host):
    used = host.state.usage
    host.tell(_rewind("start"))

    assert host.state.usage == used
    assert host.tell(queued("again")).decision.answer.turn == "t4"


def test_a_turn_that_was_rewound_away_is_none_any_more(host):
    host.tell(_rewind("t1"))

    for gone in ("t2", "t3", "t9", ""):
        heard = host.tell(_rewind(gone))
        assert (heard.decision.refusal, heard.entries) == ("no_such_turn", [])
    assert host.tell(_rewind("t1")).kinds == ["rewound"]


@pytest.mark.parametrize("facts", [(), (PAUSE,)])
def test_nothing_is_rewound_while_a_turn_is_open(host, facts):
    host.tell(queued("four"))
    for fact in facts:
        host.tell(fact)

    heard = host.tell(_rewind("t1"))

    assert (heard.decision.refusal, heard.entries) == ("busy", [])


def test_what_waits_without_waking_still_waits(host):
    host.tell(told("By the way."))
    host.tell(_rewind("t1"))

    assert [cause.text for cause in host.state.waiting] == ["[user] By the way."]


def test_the_next_request_is_that_of_the_shorter_conversation(host):
    twin = Host.after()
    _turn(twin, "one", "/a")
    host.tell(_rewind("t1"))

    asked = [one.tell(queued("on")).entries[-1] for one in (host, twin)]

    assert all(isinstance(entry, e.StepStarted) for entry in asked)
    assert asked[0].request == asked[1].request


def test_a_restored_pod_has_the_rewound_conversation(host):
    host.tell(_rewind("t2"))

    again = host.crash()

    assert again.texts() == host.texts()
    assert again.state == host.state
