"""What turn loops are known to get wrong, that other files do not hold already.

The list of all, and where each is held; in brackets the test.

A late fact does not make a restored turn hang (test_golden_traces)
A driver without an answer, after work or an answer, ends its turn (test_drivers)
A driver that never begins anything does not spin (test_drivers)
An end asked for twice is one end (test_golden_traces)
Nothing is begun after the end was decided (test_golden_traces)
The answer is in the journal before its calls begin (test_golden_traces)
No entry is skipped, whatever state it is written in (here)
Missing, extra, second and reordered results (here, test_golden_traces, test_decide_*)
Broken arguments are not taken for none (test_golden_traces)
Results without text, and call ids that repeat (test_golden_traces, here)
A repeated late input keeps a turn alive once (test_golden_traces)
What a cut answer said is kept (test_golden_traces)
Notices and late inputs are in the journal (test_golden_traces)
Names are never used again (test_golden_traces)
Another surface survives a crash (test_golden_traces)
Journals have a format, and old ones are read (tests/core/session)
Cached input and reasoning count once (test_limits)
A cancelled request is no provider's failure (test_golden_traces)
A last word at each limit, and queued input is not left behind (here)
Steered input is in the conversation for good (test_golden_traces)
An outcome is told when it is durable (tests/runtime/test_driver)
A bug in a driver loses neither the turn nor the pod (test_drivers)
An empty or blank answer is no completion; a limit is a word (here)
Usage is of the turn that spent it (here)
Two turns of one child are both counted (here)
Text of a retried stream is not doubled (tests/runtime/test_retries)
A cancelled request loses no usage that was told, and stops (here)
Ends of commands are final, and are told (test_commands)
Loans and tasks are not in memory only (test_children)
A journal is only ever appended to (tests/journal)
A slow client does not hold the turn up (tests/runtime/test_feed)
The machine is tested by what is drawn (test_machine_properties)
"""

from __future__ import annotations

import pytest

from podd.core.pod.fold import fold
from podd.core.session import entries as e
from podd.core.turn.limits import tokens
from podd_protocol.values import Completed, Limited, Usage
from tests.core.turn import family
from tests.core.turn.host import (
    CANCEL,
    RESTORED,
    Host,
    asking,
    at_most,
    call,
    calling,
    code_called,
    coding,
    finished,
    queued,
    reread,
)
from tests.core.turn.situations import SITUATIONS

#: Entries that name a turn and are not of it: one to come, or a child's.
_OF_OTHERS = (e.InputAccepted, e.NotificationAccepted, e.ChildNews, e.TaskGiven)


def test_every_entry_counts_in_whatever_state_it_was_written():
    """A history without one of its entries is another one, or its number is missing."""
    for hosts in SITUATIONS.values():
        for host in hosts:
            numbers = [entry.n for entry in host.entries]
            assert numbers == list(range(1, len(numbers) + 1))
            assert fold(reread(host.entries)) == host.state


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
def test_results_stand_in_the_order_of_their_calls_whichever_came_first(order):
    host = calling("read_file", "write_file", "read_file")
    for number in order:
        host.tell(finished(f"t1.1.{number}"))

    assert host.texts()[-3:] == ["t1.1.1: ok", "t1.1.2: ok", "t1.1.3: ok"]


def test_a_missing_result_holds_the_next_request_up_and_not_the_end_of_the_turn():
    host = calling("read_file", "write_file")
    assert "step_started" not in host.tell(finished("t1.1.1")).kinds

    host.tell(CANCEL)

    assert host.texts()[-2:] == ["t1.1.1: ok", "t1.1.2: interrupted"]


def test_names_of_calls_are_unique_whoever_makes_them():
    """Also where a provider, or code, names all of them alike."""
    host = coding("read_file", "read_file")
    for number in (1, 2):
        host.tell(finished(f"t1.1.{number}"))
    host.tell(code_called())
    names = [one.call for one in host.entries if isinstance(one, e.ToolCalled)]

    assert names == ["t1.1.1", "t1.1.2", "t1.1.3"]


def test_what_was_queued_behind_a_limit_becomes_a_turn_of_its_own():
    host = Host.after(queued("work"), settings=at_most(1))
    host.answers(call("read_file"))
    host.tell(queued("and then"))
    host.tell(finished("t1.1.1"))

    heard = host.answers("So far.")

    assert heard.kinds == [
        *("model_responded", "turn_ended", "turn_started", "step_started"),
    ]
    assert heard.entries[1].outcome == Limited(limit="steps")
    assert host.texts()[-1] == "user: and then"


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_answer_of_nothing_is_never_a_completion(text):
    """Promise 9."""
    host = asking()
    host.answers(text)

    assert host.state.last_outcome.code == "empty_response"


def test_what_words_an_answer_uses_makes_no_outcome():
    host = asking()
    host.answers("I reached max steps. Error: Traceback (most recent call last)")

    assert host.state.last_outcome == Completed()


def test_usage_belongs_to_the_turn_that_spent_it():
    host = asking()
    host.answers("Done.", usage=Usage(input_tokens=1, requests=1))
    host.tell(queued("more"))
    host.answers("Done.", usage=Usage(input_tokens=20, requests=1))
    ends = [one for one in host.entries if isinstance(one, e.TurnEnded)]

    assert [one.usage.input_tokens for one in ends] == [1, 20]
    assert host.state.usage.input_tokens == 21


def test_two_turns_of_one_child_in_one_turn_of_ours_are_both_counted():
    host = family.parent_of("a")
    host.tell(family.read(host, family.ended("a")))
    host.tell(family.accepted("a", "t1.1.1", "t2"))
    before = tokens(host.state.tree_usage)

    host.tell(family.read(host, family.ended("a", "t2")))

    assert tokens(host.state.tree_usage) - before == tokens(family.SPENT)


def test_a_cancelled_turn_keeps_what_its_answers_cost():
    host = calling("read_file")
    heard = host.tell(CANCEL)

    assert heard.entries[-1].usage.requests == 1
    assert host.state.usage == heard.entries[-1].usage


def test_a_turn_has_one_end_and_nothing_of_it_comes_after():
    for hosts in SITUATIONS.values():
        for situation in hosts:
            host = situation.copy()
            host.tell(CANCEL)
            host = host.crash()
            host.tell(RESTORED)
            ends: set[str] = set()
            for entry in host.entries:
                if isinstance(entry, _OF_OTHERS):
                    continue
                assert getattr(entry, "turn", None) not in ends
                if isinstance(entry, e.TurnEnded):
                    ends.add(entry.turn)
