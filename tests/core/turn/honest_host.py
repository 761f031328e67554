"""A host that plays fair: it answers what it is asked, and nothing twice."""

from __future__ import annotations

from collections.abc import Sequence

from podd.core.context.conversation import ToolResultItem
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.pending import pending
from tests.core.turn.histories import (
    accepted_texts,
    check_conversation,
    check_history,
    check_inputs,
)
from tests.core.turn.host import (
    RENDERED,
    RESTORED,
    RESUME,
    SETTINGS,
    Host,
    call,
    finished,
)


def goes_on(host: Host) -> Host:
    """An honest host: whatever is asked is answered, whatever stops is taken up again.

    What it answers depends on the question alone, so two runs can be compared.
    """
    for _ in range(500):
        state = host.state
        if state.closed:
            host = host.crash()
            host.tell(RESTORED)
        elif state.surface is None:
            host.tell(RENDERED)
        elif state.turn and state.turn.paused and not state.stopping:
            host.tell(RESUME)
        elif outstanding := pending(state):
            _answer(host, outstanding[0])
        elif not host.tell(i.Proceeded()).entries:
            return host
    raise AssertionError("it never comes to rest")


def _answer(host: Host, asked: f.RequestModel | f.RunTool) -> None:
    if isinstance(asked, f.RunTool):
        host.tell(finished(asked.call, output=f"output of {asked.call}"))
    elif asked.offer_tools and asked.step == 1:
        host.answers(f"{asked.turn}:", call("read_file"), call("write_file"), call("?"))
    else:
        host.answers(f"{asked.turn}.{asked.step} is done.")


def outline(host: Host, unknown: set[str]) -> list[list[str]]:
    """The conversation, but for what a crash may change.

    Results of one answer may come in another order, and those in `unknown` differ.
    """
    found: list[list[str]] = []
    for item, line in zip(host.state.conversation, host.texts(), strict=True):
        if not isinstance(item, ToolResultItem):
            found.append([line])
            continue
        if not found or not found[-1][0].startswith("result "):
            found.append([])
        told = "?" if item.call in unknown else f"{item.status} {item.text}"
        found[-1].append(f"result {item.call}: {told}")
        found[-1].sort()
    return found


def check_a_crash_costs_no_more_than_it_may(host: Host) -> None:
    """Attempts, and the calls in flight; the conversation is the same."""
    if host.state.stopping is not None:
        return  # a drain takes nothing in, and a restore forgets the drain
    unknown = {
        one.call
        for one in pending(host.state)
        if isinstance(one, f.RunTool) and not one.repeatable
    }
    crashed = host.crash()
    crashed.tell(RESTORED)
    restored, continued = goes_on(crashed), goes_on(host.copy())
    assert outline(restored, unknown) == outline(continued, unknown)
    assert restored.state.turns_ended == continued.state.turns_ended
    assert restored.state.last_outcome == continued.state.last_outcome


def check_every_prefix_goes_on(entries: Sequence[e.AnyEntry]) -> None:
    """Wherever a journal is cut, a new process comes to rest with all work done."""
    for length in range(len(entries) + 1):
        kept = entries[:length]
        crashed = Host.restored(kept)
        crashed.tell(RESTORED)
        host = goes_on(crashed)

        assert host.state.turn is None
        assert host.state.queue == []
        assert not any(cause.wakes for cause in host.state.waiting)
        check_history(host.entries, SETTINGS.max_steps)
        check_conversation(host.state)
        check_inputs(host.state, accepted_texts(kept))
