import anyio

from podd.tools import live_output
from podd.tools.live_output import LiveOutput


def test_what_is_too_much_is_counted():
    told = []
    live = LiveOutput(told.append, characters=10)

    live.add("12345678")
    live.add("90abc")
    live.add("def")
    live.flush()
    live.add("next")
    live.flush()

    assert told == ["1234567890\n(6 characters not shown live)\n", "next"]


def test_nothing_is_told_of_nothing():
    told = []
    live = LiveOutput(told.append)

    live.add("")
    live.flush()

    assert told == []


async def test_what_comes_close_together_is_told_together(monkeypatch):
    monkeypatch.setattr(live_output, "_INTERVAL_SECONDS", 0.25)
    told = []
    enough = anyio.Event()

    def progress(text):
        told.append(text)
        if text.endswith("4"):
            enough.set()

    live = LiveOutput(progress)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(live.tell)
            for number in "01234":
                live.add(number)
                await anyio.lowlevel.checkpoint()
            await enough.wait()
            live.add("later 4")
            enough = anyio.Event()
            await enough.wait()
            group.cancel_scope.cancel()

    assert told == ["01234", "later 4"]
