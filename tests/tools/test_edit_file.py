import json

import anyio
import pytest

from podd.tools.catalog import run_call


async def _edit(context, path, old, new, **more):
    arguments = json.dumps({"path": path, "old": old, "new": new, **more})
    return await run_call("edit_file", arguments, context)


async def _seen(place, content):
    path = place.write("file", content)
    context = place.context()
    await run_call("read_file", '{"path": "file"}', context)
    return path, context


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        (b"one\ntwo\n", "two", "2", b"one\n2\n"),
        (b"one\ntwo", "two", "2", b"one\n2"),
        (b"one\r\ntwo\r\nthree\r\n", "one\ntwo", "1\n2", b"1\r\n2\r\nthree\r\n"),
        (b"one\r\ntwo\r\n", "one", "1\nand a half", b"1\r\nand a half\r\ntwo\r\n"),
        (b"one\r\ntwo\nthree\n", "two\n", "2\n", b"one\r\n2\nthree\n"),
        (b"\xef\xbb\xbfone\n", "one", "1", b"\xef\xbb\xbf1\n"),
        (b"caf\xe9\nplain\n", "plain", "changed", b"caf\xe9\nchanged\n"),
        (b"a\nb\n", "a\n", "", b"b\n"),
    ],
)
async def test_only_the_named_bytes_change(place, before, old, new, after):
    path, context = await _seen(place, before)

    outcome = await _edit(context, "file", old, new)

    assert outcome.status == "ok"
    assert path.read_bytes() == after
    assert outcome.changes[0].before == before


async def test_the_result_shows_the_place_with_numbers(place):
    _, context = await _seen(place, "".join(f"line {n}\n" for n in range(1, 21)))

    outcome = await _edit(context, "file", "line 10\n", "new a\nnew b\n")

    assert outcome.summary == "edited file: 1 place replaced"
    lines = outcome.content.split("\n")
    assert lines[0] == "7\tline 7"
    assert "10\tnew a" in lines
    assert "11\tnew b" in lines
    assert len(lines) < 12


async def test_edits_follow_each_other_without_reading_again(place):
    path, context = await _seen(place, "a b c")

    await _edit(context, "file", "a", "1")
    outcome = await _edit(context, "file", "b", "2")

    assert outcome.status == "ok"
    assert path.read_text(encoding="utf-8") == "1 2 c"


async def test_parallel_edits_of_one_file_all_count(place):
    path, context = await _seen(place, "a b c d e")

    async with anyio.create_task_group() as group:
        for letter in "abcde":
            group.start_soon(_edit, context, "file", letter, letter.upper())

    assert path.read_text(encoding="utf-8") == "A B C D E"


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ("missing", "not found"),
        ("\tindented", "line 2 differs from it in white space"),
        ("def helo():", "line 1 is the nearest"),
        ("def hello():\nother", "stands in line 1"),
        ("same", "3 times"),
        ("", "empty"),
    ],
)
async def test_a_text_that_is_not_there_once_is_refused_with_a_hint(place, old, said):
    content = "def hello():\n    indented\nsame\nsame same\n"
    path, context = await _seen(place, content)

    outcome = await _edit(context, "file", old, "new")

    assert outcome.status == "error"
    assert said in outcome.summary
    assert path.read_text(encoding="utf-8") == content


async def test_several_places_are_named_by_line(place):
    _, context = await _seen(place, "same\nother\nsame\n")

    outcome = await _edit(context, "file", "same", "new")

    assert "lines 1, 3" in outcome.summary


async def test_all_places_are_replaced_on_demand(place):
    path, context = await _seen(place, "same\nother\nsame\n")

    outcome = await _edit(context, "file", "same", "new", replace_all=True)

    assert "2 places" in outcome.summary
    assert path.read_text(encoding="utf-8") == "new\nother\nnew\n"


async def test_nothing_to_change_is_refused(place):
    _, context = await _seen(place, "one\r\n")

    same = await _edit(context, "file", "one", "one")
    same_but_for_line_ends = await _edit(context, "file", "one\n", "one\r\n")

    assert (same.status, same_but_for_line_ends.status) == ("error", "error")


async def test_a_file_that_changed_since_it_was_read_is_not_edited(place):
    path, context = await _seen(place, "one")
    path.write_text("one two", encoding="utf-8")

    outcome = await _edit(context, "file", "one", "1")

    assert outcome.status == "error"
    assert "stale" in outcome.summary
    assert path.read_text(encoding="utf-8") == "one two"


async def test_a_missing_file_is_not_made(place):
    outcome = await _edit(place.context(), "a/missing", "one", "two")

    assert outcome.status == "error"
    assert not (place.work / "a").exists()
