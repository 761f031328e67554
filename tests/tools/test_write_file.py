import json

from podd.tools.catalog import run_call
from podd.tools.read_tracker import digest_of


async def _write(context, path, content):
    arguments = json.dumps({"path": path, "content": content})
    return await run_call("write_file", arguments, context)


async def _read(context, path):
    return await run_call("read_file", json.dumps({"path": path}), context)


async def test_a_new_file_needs_no_read(place):
    outcome = await _write(place.context(), "a/file", "one\ntwö")

    assert outcome.summary == "created a/file: 8 bytes, 2 lines"
    (change,) = outcome.changes
    assert (change.path, change.change) == (str(place.work / "a/file"), "created")
    assert change.before is None
    assert change.after == digest_of("one\ntwö".encode())
    assert (place.work / "a/file").read_text(encoding="utf-8") == "one\ntwö"


async def test_a_file_that_was_not_read_is_not_replaced(place):
    path = place.write("file", "old")

    outcome = await _write(place.context(), "file", "new")

    assert (outcome.status, outcome.changes) == ("error", ())
    assert "read" in outcome.summary
    assert path.read_text(encoding="utf-8") == "old"


async def test_a_file_that_changed_since_it_was_read_is_not_replaced(place):
    path = place.write("file", "old")
    context = place.context()
    await _read(context, "file")
    path.write_text("theirs", encoding="utf-8")

    outcome = await _write(context, "file", "new")

    assert outcome.status == "error"
    assert "stale" in outcome.summary
    assert path.read_text(encoding="utf-8") == "theirs"


async def test_a_file_that_was_read_or_written_is_replaced(place):
    path = place.write("file", "old")
    context = place.context()
    await _read(context, "file")

    first = await _write(context, "file", "new\n")
    second = await _write(context, "file", "newer\n")

    assert first.summary == "replaced file: 4 bytes, 1 line"
    assert first.changes[0].before == b"old"
    assert second.changes[0].before == b"new\n"
    assert path.read_text(encoding="utf-8") == "newer\n"


async def test_a_read_through_a_link_counts_for_the_file(place):
    place.write("file", "old")
    (place.work / "link").symlink_to("file")
    context = place.context()
    await _read(context, "link")

    outcome = await _write(context, "file", "new")

    assert outcome.status == "ok"


async def test_the_same_content_is_no_change(place):
    path = place.write("file", "old")
    context = place.context()
    await _read(context, "file")
    before = path.stat()

    outcome = await _write(context, "file", "old")

    assert (outcome.status, outcome.changes) == ("ok", ())
    assert path.stat().st_ino == before.st_ino


async def test_a_resumed_pod_must_read_again(place):
    place.write("file", "old")
    await _read(place.context(), "file")

    outcome = await _write(place.context(), "file", "new")

    assert outcome.status == "error"
