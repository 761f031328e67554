"""How a command is started, what it finds, and what it may use up."""

from __future__ import annotations

import os
import signal

import anyio
import pytest

from podd.errors import CommandNotStartedError, OutsideScopeError
from podd.sandbox.settings import CommandLimits
from tests.sandbox.machine import LIMIT_SECONDS, NAP

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("namespaces")]

MEBIBYTE = 1 << 20


async def test_output_comes_in_the_order_it_was_written(box):
    output = await box.says("echo one; echo two >&2; echo three")

    assert output == "one\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("command", "kind", "status"),
    [
        ("exit 0", "exited", 0),
        ("exit 3", "exited", 3),
        ("kill -SEGV $$", "signalled", signal.SIGSEGV),
        ("kill -9 $$", "signalled", signal.SIGKILL),
        ("no-such-program", "exited", 127),
    ],
)
async def test_the_end_is_told_as_it_was(box, command, kind, status):
    _, ended = await box.run(command)

    assert (ended.kind, ended.status) == (kind, status)


async def test_a_program_is_run_with_the_arguments_it_was_given(box):
    output = await box.says(("printf", "%s|", "a b", "$HOME", ""))

    assert output == "a b|$HOME||"


@pytest.mark.parametrize("program", ["no-such-program", "/no/such/program"])
async def test_a_program_that_is_not_there_is_told_by_name(box, program):
    with pytest.raises(CommandNotStartedError) as caught:
        await box.start((program,))

    assert program in caught.value.reason


async def test_a_file_that_cannot_be_run_is_told_apart_from_a_missing_one(box):
    (box.scope / "data").write_text("no program", encoding="utf-8")

    with pytest.raises(CommandNotStartedError) as caught:
        await box.start((str(box.scope / "data"),))

    assert "Permission denied" in caught.value.reason


@pytest.mark.parametrize("command", ["a\0b", ("a", "b\0"), "\ud800", "", ()])
async def test_what_no_program_can_be_given_is_refused(box, command):
    with pytest.raises(CommandNotStartedError):
        await box.start(command)


async def test_a_text_that_is_too_long_is_refused_and_the_next_one_runs(box):
    with pytest.raises(CommandNotStartedError) as caught:
        await box.start("#" * (2 * MEBIBYTE))

    assert "too long" in caught.value.reason
    assert await box.says("echo on") == "on\n"


async def test_a_directory_outside_the_scope_is_refused(box):
    with pytest.raises(OutsideScopeError) as caught:
        await box.start("true", cwd=str(box.beside))

    assert caught.value.path == str(box.beside)


async def test_a_directory_that_is_not_there_is_refused(box):
    with pytest.raises(OutsideScopeError):
        await box.start("true", cwd=str(box.scope / "missing"))


async def test_there_is_nothing_to_read_and_no_terminal(box):
    output = await box.says(
        "cat; test ! -t 0 && test ! -t 1 && ! (: >/dev/tty) 2>/dev/null && echo none"
    )

    assert output == "none\n"


async def test_it_leads_a_session_and_a_group_of_its_own(box):
    assert await box.says("ps -o pid=,pgid=,sid= -p $$ | tr -s ' '") == " 2 2 2\n"


async def test_it_inherits_no_descriptor(box):
    read, write = os.pipe()
    os.set_inheritable(write, True)

    output = await box.says("ls /proc/self/fd | tr '\\n' ' '")

    os.close(read)
    os.close(write)
    assert output == "0 1 2 3 \n" or output.split() == ["0", "1", "2", "3"]


async def test_no_signal_is_ignored_or_blocked(box):
    output = await box.says("grep -E 'Sig(Blk|Ign)' /proc/self/status")

    # The C library keeps signals 32 and 33 to itself, whoever starts a program.
    kept = ~(0b11 << 31)
    assert [int(word, 16) & kept for word in output.split()[1::2]] == [0, 0]


@pytest.mark.parametrize("umask", [0o077, 0o027])
async def test_the_umask_is_that_of_the_pod(box, umask):
    os.umask(umask)

    await box.says("touch made")

    assert (box.scope / "made").stat().st_mode & 0o777 == 0o666 & ~umask


async def test_an_umask_that_forbids_everything_does_no_harm(box):
    os.umask(0o777)

    assert await box.says("umask") == "0777\n"


async def test_what_is_made_belongs_to_us(box):
    await box.says("touch made; mkdir directory")

    for name in ("made", "directory"):
        found = (box.scope / name).stat()
        assert (found.st_uid, found.st_gid) == (os.geteuid(), os.getegid())


async def test_commands_run_side_by_side_and_apart(box):
    first = await box.start(f"echo $$; sleep {NAP}.5")
    assert await anext(first.chunks()) == b"2\n"

    seen = await box.says("ps ax -o args=")

    assert f"{NAP}.5" not in seen
    await first.aclose()


async def test_a_flood_waits_until_it_is_read(box):
    running = await box.start("head -c 100000000 /dev/zero; echo; echo end")
    size, last = 0, b""

    with anyio.fail_after(LIMIT_SECONDS):
        async for chunk in running.chunks():
            assert len(chunk) <= MEBIBYTE
            size += len(chunk)
            last = (last + chunk)[-4:]

    assert (size, last) == (100_000_005, b"end\n")
    await running.aclose()


async def test_bytes_that_are_no_text_come_as_they_are(box):
    running = await box.start("printf '\\377\\000\\376'")

    assert b"".join([chunk async for chunk in running.chunks()]) == b"\xff\x00\xfe"
    await running.aclose()


async def test_too_many_processes_are_refused_and_the_next_command_runs(box):
    box.set(limits=CommandLimits(processes=40))

    script = "i=0; while [ $i -lt 400 ]; do sleep 60 & i=$((i + 1)); done"
    output, ended = await box.run(("sh", "-c", script))

    assert "fork" in output
    assert (ended.status, ended.leftovers < 360) == (2, True)
    assert await box.says("echo on") == "on\n"


async def test_who_eats_memory_is_refused_it(box):
    box.set(limits=CommandLimits(memory_bytes=64 * MEBIBYTE))

    output = await box.fails(
        "head -c 500m /dev/zero | tail | wc -c; exit ${PIPESTATUS[1]}"
    )

    assert "exhausted" in output


async def test_a_file_grows_to_its_limit_and_no_further(box):
    box.set(limits=CommandLimits(file_bytes=MEBIBYTE))

    await box.fails("head -c 2m /dev/zero > file")

    assert (box.scope / "file").stat().st_size == MEBIBYTE


async def test_what_is_private_is_bounded(box):
    box.set(limits=CommandLimits(temporary_bytes=MEBIBYTE))

    output = await box.fails("head -c 2m /dev/zero > $TMPDIR/file")

    assert "No space" in output
