"""Promise 2, without a disk: cut the journal anywhere, and go on from there."""

from __future__ import annotations

from podd.core.turn import inputs as i
from podd.testing.harness import PodHarness
from podd.testing.model import answer


async def test_a_crash_at_every_entry_loses_no_accepted_input(short_directory):
    async with PodHarness(short_directory) as pod:
        client = await pod.subscriber()
        pod.model.say(answer("", ("write_file", "{}")))
        pod.model.say(answer("first"))
        pod.model.say(answer("second"))
        await pod.driver.ask(i.InputQueued(text="one"))
        await pod.driver.ask(i.InputQueued(text="two"))
        await client.until("turn_ended")
        await client.until("turn_ended")
        lines = pod.journal.lines
        kinds = pod.journal.kinds
    first_input = kinds.index("input_accepted") + 1
    for length in range(first_input, len(lines) + 1):
        journal = type(pod.journal)(lines[:length])
        inputs = kinds[:length].count("input_accepted")
        async with PodHarness(short_directory, journal=journal) as restored:
            for _ in range(4):
                restored.model.say(answer("again"))
            watcher = await restored.subscriber()
            for _ in range(inputs):
                await watcher.until("turn_ended")
            assert restored.journal.kinds.count("turn_ended") == inputs
            assert restored.journal.kinds.count("tool_result") <= 1
            begun = kinds[:length].count("tool_started")
            assert begun == 0 or restored.tools.calls == []
