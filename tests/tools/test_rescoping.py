"""A scope that narrows and widens while its pod works (promise 4)."""

import json
import threading
from functools import partial

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest

from podd.core.scope.rules import Rule, Scope
from podd.errors import OutsideScopeError
from podd.tools.catalog import run_call

LIMIT = 10


def _put(content):
    return lambda path, before: content


def _lend(place, files, name="lent", borrower="demo.left"):
    root = str(place.work / name)
    holes = (Rule(str(place.work), "write"), Rule(root, "read_only"))
    files.rescope(Scope(holes), {root: borrower})


def _take_back(place, files):
    files.rescope(Scope((Rule(str(place.work), "write"),)), {})


@pytest.mark.parametrize("name", ["lent/file", "lent/new/file", "to_lent/file", "lent"])
async def test_what_is_lent_is_read_and_not_written_until_it_is_back(
    place, opener, name
):
    place.write("lent/file", "old")
    (place.work / "to_lent").symlink_to("lent")
    files = place.files(opener=opener)

    _lend(place, files)

    assert files.read_now("lent/file").data == b"old"
    with pytest.raises(OutsideScopeError) as refused:
        await files.change(name, _put(b"new"))
    assert "lent is lent to pod 'demo.left'" in str(refused.value)
    assert "comes back when that pod ends" in str(refused.value)
    assert files.lent == ((str(place.work / "lent"), "demo.left"),)
    await files.change("beside", _put(b"new"))

    _take_back(place, files)
    assert files.lent == ()
    if name != "lent":
        await files.change(name, _put(b"new"))
        assert files.read_now(name).data == b"new"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("write_file", {"path": "lent/new", "content": "x"}),
        ("edit_file", {"path": "lent/file", "old": "old", "new": "new"}),
    ],
)
async def test_a_tool_is_denied_and_names_the_borrower(place, tool, arguments):
    place.write("lent/file", "old")
    context = place.context()
    await run_call("read_file", '{"path": "lent/file"}', context)
    _lend(place, context.files)

    outcome = await run_call(tool, json.dumps(arguments), context)

    assert outcome.status == "denied"
    assert "'demo.left'" in outcome.summary
    assert sorted(path.name for path in (place.work / "lent").iterdir()) == ["file"]


def test_other_refusals_do_not_offer_what_is_lent(place):
    lent, kept = place.work / "lent", place.work / "kept"
    files = place.files()
    files.rescope(
        Scope(
            (
                Rule(str(lent), "write"),
                Rule(str(kept), "write"),
                Rule(str(lent), "read_only"),
            )
        ),
        {str(lent): "demo.left"},
    )

    with pytest.raises(OutsideScopeError) as refused:
        anyio.run(files.change, "../outside/file", _put(b"x"))

    assert f"writable: {kept}" in str(refused.value)
    assert f"{lent}," not in str(refused.value)


def test_a_hole_that_is_no_loan_is_told_as_before(place):
    place.write("lent/kept/file", "old")
    files = place.files()
    root = str(place.work / "lent")
    files.rescope(
        Scope(
            (
                Rule(str(place.work), "write"),
                Rule(root, "read_only"),
                Rule(f"{root}/kept", "read_only"),
            )
        ),
        {root: "demo.left"},
    )

    with pytest.raises(OutsideScopeError, match="read-only below"):
        anyio.run(files.change, "lent/kept/file", _put(b"x"))


def test_what_was_readable_is_asked_again_of_the_new_scope(place):
    place.write("file", "old")
    files = place.files()
    assert files.read_now("file").data == b"old"

    files.rescope(Scope((Rule(str(place.work / "other"), "read"),)), {})

    with pytest.raises(OutsideScopeError):
        files.read_now("file")


def test_outputs_stay_readable(place):
    (place.outputs / "c.txt").write_text("spilled", encoding="utf-8")
    files = place.files()

    _lend(place, files)

    assert files.read_now(str(place.outputs / "c.txt")).data == b"spilled"


class _Held:
    """A change that stands still in the middle until it is let go."""

    def __init__(self):
        self.inside = threading.Event()
        self.go = threading.Event()

    def compute(self, path, before):
        self.inside.set()
        assert self.go.wait(LIMIT)
        return b"late"


async def test_a_write_under_way_is_named_and_waited_for(place):
    files = place.files()
    held = _Held()
    root = str(place.work / "lent")

    async def write():
        with pytest.raises(OutsideScopeError):
            await files.change("lent/a", held.compute, call="t1.2.3")

    with anyio.fail_after(LIMIT):
        async with anyio.create_task_group() as group:
            group.start_soon(write)
            await anyio.to_thread.run_sync(held.inside.wait, LIMIT)
            _lend(place, files)
            assert await files.wait_until_quiet([root], 0) == ("t1.2.3 (lent/a)",)
            assert await files.wait_until_quiet([str(place.work / "no")], 0) == ()
            group.start_soon(anyio.to_thread.run_sync, held.go.set)
            assert await files.wait_until_quiet([root], LIMIT) == ()

    assert not (place.work / "lent").exists()


async def test_a_write_that_waits_for_another_is_refused_by_the_new_scope(place):
    files = place.files()
    held = _Held()
    refused = []

    async def write(compute):
        try:
            await files.change("lent/a", compute)
        except OutsideScopeError as error:
            refused.append(str(error))

    with anyio.fail_after(LIMIT):
        async with anyio.create_task_group() as group:
            group.start_soon(write, held.compute)
            await anyio.to_thread.run_sync(held.inside.wait, LIMIT)
            group.start_soon(write, _put(b"second"))
            await anyio.lowlevel.checkpoint()
            _lend(place, files)
            held.go.set()

    assert len(refused) == 2
    assert all("demo.left" in said for said in refused)


def test_a_scope_changes_only_between_the_beginnings_of_writes(place):
    """Whoever was admitted by the old scope is entered before the new one holds."""
    files = place.files()
    called = threading.Event()

    def lend():
        called.set()
        _lend(place, files)

    lender = threading.Thread(target=lend)

    def begin():
        lender.start()
        assert called.wait(LIMIT)
        lender.join(0.05)
        assert files.lent == ()

    with files._writes.write(str(place.work / "lent/a"), "one", begin):
        lender.join(LIMIT)
        assert [pod for _, pod in files.lent] == ["demo.left"]


async def test_waiting_can_be_given_up(place):
    files = place.files()
    held = _Held()

    with anyio.fail_after(LIMIT):
        async with anyio.create_task_group() as group:
            group.start_soon(files.change, "lent/a", held.compute)
            await anyio.to_thread.run_sync(held.inside.wait, LIMIT)
            with anyio.move_on_after(0.02) as waiting:
                await files.wait_until_quiet([str(place.work)], 2)
            held.go.set()

    assert waiting.cancelled_caught


async def test_nothing_lands_in_what_is_lent_however_hard_it_is_tried(place):
    """Writers that never stop, and loans that come and go under them."""
    lent = place.work / "lent"
    lent.mkdir()
    files = place.files()
    root = str(lent)
    done = threading.Event()
    written = [0] * 4
    refused = [0] * 4

    async def write(number):
        while not done.is_set():
            content = f"{written[number]}".encode()
            try:
                await files.change(f"lent/{number}", _put(content))
                written[number] += 1
            except OutsideScopeError:
                refused[number] += 1

    def seen():
        return {path.name: path.stat().st_mtime_ns for path in lent.iterdir()}

    async def lend_and_return():
        for _ in range(10):
            before = list(written)
            while not all(map(int.__gt__, written, before)):
                await anyio.lowlevel.checkpoint()
            _lend(place, files)
            assert await files.wait_until_quiet([root], LIMIT) == ()
            quiet = await anyio.to_thread.run_sync(seen)
            before = [number + 1 for number in refused]
            while not all(map(int.__gt__, refused, before)):
                await anyio.lowlevel.checkpoint()
            assert await anyio.to_thread.run_sync(seen) == quiet
            assert not any(name.endswith(".tmp") for name in quiet)
            _take_back(place, files)
        done.set()

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            for number in range(4):
                group.start_soon(write, number)
            group.start_soon(lend_and_return)


def test_a_write_of_a_thread_is_seen_by_the_loop(place):
    """Lending waits in the loop for what tools do in threads."""
    files = place.files()
    held = _Held()
    held.go.set()

    anyio.run(partial(files.change, "a", held.compute, call="t1"))

    assert anyio.run(files.wait_until_quiet, [str(place.work)], 1) == ()
