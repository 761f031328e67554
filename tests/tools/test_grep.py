import json
import os
import signal
from pathlib import Path

import anyio
import psutil
import pytest

from podd.tools.catalog import run_call

CATASTROPHE = "(a+)+$"
VICTIM = "a" * 60 + "b\n"


async def _grep(tools, pattern, **arguments):
    return await run_call("grep", json.dumps({"pattern": pattern, **arguments}), tools)


@pytest.fixture
def tree(place):
    place.write("a.py", "import os\nneedle = 1\n# Needle\n")
    place.write("b/c.txt", "one\ntwo needle\nthree\nfour\nfive\nneedle\n")
    place.write("b/none.py", "nothing\n")
    place.write("image", b"\0needle\n")
    place.write(".git/needle", "needle\n")
    (place.work / "link").symlink_to("a.py")
    return place


async def test_files_are_the_default(tree):
    outcome = await _grep(tree.context(), "needle")

    assert outcome.content == "a.py\nb/c.txt"
    assert outcome.summary == (
        "found in 2 files; 3 files searched; 1 binary file skipped"
    )


async def test_lines_come_with_path_and_number(tree):
    outcome = await _grep(tree.context(), "needle", mode="lines", ignore_case=True)

    assert outcome.content.split("\n") == [
        "a.py:2:needle = 1",
        "a.py:3:# Needle",
        "b/c.txt:2:two needle",
        "b/c.txt:6:needle",
    ]
    assert outcome.summary.startswith("4 matching lines in 2 files")


async def test_lines_around_a_match_are_marked(tree):
    outcome = await _grep(
        tree.context(), "needle", mode="lines", context=1, path="b/c.txt"
    )

    assert outcome.content.split("\n") == [
        "b/c.txt-1-one",
        "b/c.txt:2:two needle",
        "b/c.txt-3-three",
        "--",
        "b/c.txt-5-five",
        "b/c.txt:6:needle",
    ]


async def test_matches_are_counted_by_file(tree):
    outcome = await _grep(tree.context(), "needle", mode="count")

    assert outcome.content == "a.py:1\nb/c.txt:2"


@pytest.mark.parametrize(
    ("glob", "files"),
    [("*.py", "a.py"), ("b/**", "b/c.txt"), ("*.{txt,md}", "b/c.txt"), ("*.md", "")],
)
async def test_a_glob_narrows_the_files(tree, glob, files):
    outcome = await _grep(tree.context(), "needle", glob=glob)

    assert outcome.content == files


async def test_the_limit_is_said_to_be_reached(tree):
    outcome = await _grep(tree.context(), "needle", mode="lines", limit=2)

    assert outcome.content == "a.py:2:needle = 1\nb/c.txt:2:two needle"
    assert "limit" in outcome.summary


async def test_files_after_the_limit_do_not_count_as_searched(tree):
    outcome = await _grep(tree.context(), "needle", limit=1)

    assert outcome.content == "a.py"
    assert "1 file searched" in outcome.summary


async def test_more_files_than_one_batch_are_searched(place):
    for number in range(150):
        place.write(f"{number:03}", "needle\n")

    outcome = await _grep(place.context(), "needle", mode="count")

    assert len(outcome.content.split("\n")) == 150


async def test_ignored_files_are_left_out_unless_they_are_named(place):
    place.write(".gitignore", "build/\n*.log\n!keep.log\n")
    place.write("src/.gitignore", "generated.py\n")
    for name in (
        "build/out.py",
        "a.log",
        "keep.log",
        "src/generated.py",
        "src/main.py",
        "generated.py",
    ):
        place.write(name, "needle\n")
    context = place.context()

    everything = await _grep(context, "needle")
    below = await _grep(context, "needle", path="src")
    named = await _grep(context, "needle", path="build")
    file = await _grep(context, "needle", path="a.log")

    assert everything.content == "generated.py\nkeep.log\nsrc/main.py"
    assert below.content == "src/main.py"
    assert named.content == "build/out.py"
    assert file.content == "a.log"


async def test_ignore_files_above_the_checkout_do_not_count(place):
    place.write(".gitignore", "*.py\n")
    place.write("repository/.git/HEAD")
    place.write("repository/main.py", "needle\n")

    outcome = await _grep(place.context(), "needle", path="repository")

    assert outcome.content == "repository/main.py"


async def test_a_bad_pattern_is_an_error_with_its_position(tree):
    outcome = await _grep(tree.context(), "ab(c")

    assert outcome.status == "error"
    assert "position 2" in outcome.summary


async def test_a_long_line_is_shown_around_the_match(place):
    place.write("file", "x" * 5000 + "needle" + "y" * 5000 + "\n")

    outcome = await _grep(place.context(), "needle", mode="lines")

    assert "needle" in outcome.content
    assert "(cut; characters" in outcome.content
    assert len(outcome.content) < 600


async def test_line_ends_and_a_byte_order_mark_are_no_part_of_a_line(place):
    place.write("file", b"\xef\xbb\xbfneedle\r\n")

    outcome = await _grep(place.context(), "^needle$", mode="lines")

    assert outcome.content == "file:1:needle"


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _searches() -> list[int]:
    """The searches that run: one that has ended and is not reaped yet is none."""
    found = []
    for child in psutil.Process().children():
        try:
            words = child.cmdline()
        except psutil.NoSuchProcess:
            continue
        if any("search_child" in word for word in words):
            found.append(child.pid)
    return found


async def _until(condition) -> None:
    with anyio.fail_after(5):
        while not condition():
            await anyio.to_thread.run_sync(os.sched_yield)


async def test_a_catastrophic_pattern_ends_with_its_time(place):
    place.write("file", VICTIM)
    context = place.context(timeouts={"grep": 0.3})

    with anyio.fail_after(5):
        outcome = await _grep(context, CATASTROPHE)

    assert outcome.status == "error"
    assert "0.3 s" in outcome.summary
    await _until(lambda: not _searches())


async def test_a_cancelled_search_leaves_no_process(place):
    place.write("file", VICTIM)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(_grep, place.context(), CATASTROPHE)
            await _until(_searches)
            group.cancel_scope.cancel()

    await _until(lambda: not _searches())


async def test_a_search_whose_process_dies_is_an_error(place):
    place.write("file", VICTIM)
    outcomes = []

    async def search():
        outcomes.append(await _grep(place.context(), CATASTROPHE))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(search)
            await _until(_searches)
            os.kill(_searches()[0], signal.SIGKILL)

    assert outcomes[0].status == "error"
    assert "broke off" in outcomes[0].summary


async def test_a_search_leaves_no_descriptor_behind(tree):
    context = tree.context()
    await _grep(context, "needle")
    before = _descriptors()

    for pattern in ("needle", "ab(c", "nothing at all"):
        await _grep(context, pattern)

    assert _descriptors() == before
