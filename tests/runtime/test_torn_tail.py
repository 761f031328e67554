"""A last entry that is torn at any byte: what was acknowledged before is there."""

from __future__ import annotations

import anyio
import pytest

from podd.core.pod.fold import apply
from podd.core.pod.state import PodState
from podd.core.turn import inputs as i
from podd.core.turn.decide import decide
from podd.journal.opening import open_journal
from podd.journal.session_directory import SessionDirectory
from podd.journal.verification import verify
from podd.testing.harness import SESSION, PodHarness
from podd.testing.model import answer
from podd.testing.surface import SETTINGS
from podd.testing.tools import ToolScript


async def _lines(directory) -> list[bytes]:
    """A session that was killed in the midst of its second turn."""
    async with PodHarness(directory) as pod:
        pod.model.say(answer("first"))
        pod.model.say(answer("", ("write_file", '{"path":"ü"}')))
        pod.tools.scripts["write_file"] = ToolScript(after=anyio.Event())
        client = await pod.subscriber()
        await pod.driver.ask(i.InputQueued(text="one", key="k1"))
        await pod.driver.ask(i.InputQueued(text="two", key="k2"))
        await client.until("tool_started")
        await pod.driver.ask(i.InputSteered(text="three", key="k3"))
        return pod.journal.lines


@pytest.fixture
def session(tmp_path) -> SessionDirectory:
    directory = SessionDirectory(tmp_path / SESSION)
    directory.make()
    return directory


@pytest.mark.parametrize("back", [0, 1, 2])
async def test_a_restore_goes_on_from_any_byte_of_the_last_entry(
    short_directory, session, back
):
    lines = await _lines(short_directory)
    lines = lines[: len(lines) - back]
    *before, last = lines
    whole = b"".join(before)
    for kept in range(0, len(last), 1 if back == 0 else 5):
        session.journal.write_bytes(whole + last[:kept])
        state = PodState()

        journal, _ = open_journal(session, lambda entry, to=state: apply(to, entry))
        fact = i.PodRestored(pid=1, podd="0")
        for entry in decide(SETTINGS, state, fact).entries:
            apply(state, journal.append(entry))
        journal.close()

        # The whole line may lack its newline alone.
        complete = kept == len(last) - 1
        assert journal.last_n >= len(before) + complete + 1
        assert verify(session).tail == "whole"
        acknowledged = {"k1", "k2"} if back or not complete else {"k1", "k2", "k3"}
        assert set(state.answers) == acknowledged
        assert session.journal.read_bytes().startswith(whole)
