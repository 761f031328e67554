import json

import pytest

from podd.tools.catalog import run_call
from podd.tools.ports import CommandEnded
from tests.tools.commands import PlayedCommands

OUTPUT = "/outputs/t1.1.1.txt"
STOPPED = {
    "t1.1.1": CommandEnded(end="signalled", status=15, output_path=OUTPUT),
    "t1.1.2": CommandEnded(end="exited", status=0),
}


async def _stop(place, command, **more):
    context = place.context(commands=PlayedCommands(stopped=STOPPED), **more)
    return await run_call("stop_command", json.dumps({"command": command}), context)


@pytest.mark.parametrize(
    ("command", "summary"),
    [
        (
            "t1.1.1",
            f"command 't1.1.1' was killed by SIGTERM (15); its output is in {OUTPUT}",
        ),
        ("t1.1.2", "command 't1.1.2' exited with 0"),
    ],
)
async def test_the_end_of_a_command_is_told(place, command, summary):
    outcome = await _stop(place, command)

    assert (outcome.status, outcome.summary) == ("ok", summary)


async def test_a_command_that_is_not_there_is_an_error(place):
    outcome = await _stop(place, "t9.9.9")

    assert outcome.status == "error"
    assert "t9.9.9" in outcome.summary


async def test_a_pod_without_commands_says_so(place):
    outcome = await run_call("stop_command", '{"command": "t1"}', place.context())

    assert outcome.status == "error"
    assert "doctor" in outcome.summary
