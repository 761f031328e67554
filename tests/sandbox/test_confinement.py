"""What of the machine a command sees, and where it can write."""

from __future__ import annotations

import stat

import pytest

from podd.core.scope.rules import Rule, Scope
from podd.errors import CommandNotStartedError
from tests.sandbox.machine import names, touch

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("namespaces")]


async def test_what_lies_beside_the_scope_is_not_there(box):
    touch(box.beside / "file")

    assert "No such file" in await box.fails(f"cat {box.beside}/file")
    assert "No such file" in await box.fails(f"ls {box.beside}")


@pytest.mark.parametrize(
    "attempt",
    [
        "test -e {beside}/file && echo x > {beside}/file",
        "mkdir -p {beside}/new; echo x > {beside}/new/x; false",
        "ln -s x {root}/new; false",
        "echo x > /new",
        "echo x > /usr/new",
        "echo x > /etc/new",
        "mkdir /run/new",
        "echo x > /dev/new",
        "touch /usr/bin/env",
        "chmod 777 /usr",
        "mknod /dev/sda b 8 0",
        "echo x > /proc/sys/kernel/hostname",
        "echo c > /proc/sysrq-trigger",
        "echo 1 > /sys/devices/system/cpu/cpu0/online",
    ],
)
async def test_nothing_outside_the_scope_is_written(box, attempt):
    touch(box.beside / "file")
    before = names(box.root), names(box.beside)

    await box.fails(attempt.format(beside=box.beside, root=box.root))

    assert (names(box.root), names(box.beside)) == before


async def test_a_rule_that_is_not_recursive_gives_no_writing(box):
    touch(box.beside / "file")
    touch(box.beside / "sub/file")
    (box.beside / "link").symlink_to("file")
    box.rule("beside", "write", recursive=False)

    output = await box.says(f"cd {box.beside}; cat file; ls; cat link; ls sub")

    assert output == "as it wasfile\nlink\nsub\nas it was"
    for attempt in ("echo x > file", "echo x > new", "rm file", "cat sub/file"):
        await box.fails(f"cd {box.beside}; {attempt}")


async def test_a_single_file_can_be_written_and_nothing_beside_it(box):
    touch(box.beside / "file")
    touch(box.beside / "other")
    box.rule("beside/file", "write")

    await box.says(f"echo new > {box.beside}/file")

    assert (box.beside / "file").read_text(encoding="utf-8") == "new\n"
    await box.fails(f"cat {box.beside}/other")
    await box.fails(f"rm {box.beside}/file")


async def test_home_and_tmpdir_are_private_and_last_from_command_to_command(box):
    touch(box.home / "key")

    output = await box.says(
        "echo $HOME $TMPDIR; ls -A ~; echo x > ~/kept; echo y > /tmp/kept"
    )

    assert output == f"{box.home} /tmp\n"
    assert await box.says("cat ~/kept $TMPDIR/kept") == "x\ny\n"
    assert names(box.home) == ["key"]


async def test_a_home_in_the_scope_is_the_real_one(box):
    box.rule("home", "write")

    await box.says("echo x > ~/made")

    assert (box.home / "made").exists()


async def test_two_sandboxes_share_nothing_private(box, tmp_path):
    other = type(box)(tmp_path / "other", tmp_path / "other/home")
    await box.says("echo x > /tmp/mine; echo x > /dev/shm/mine")

    output = await other.says("ls /tmp/mine /dev/shm/mine 2>&1 || true")

    await other.aclose()
    assert output.count("No such file") == 2


async def test_a_link_planted_in_the_way_of_a_mount_leads_nowhere(box):
    """Where TMPDIR holds the way to the scope, a command can change that way."""
    if not str(box.scope).startswith("/tmp/"):
        pytest.skip("the scope does not lie below /tmp")
    first = f"/tmp/{box.scope.parts[2]}"
    await box.says(f"cd /; mv {first} /tmp/moved && ln -s /usr {first}")

    assert await box.says("echo on > here; cat here") == "on\n"
    assert (box.scope / "here").exists()


@pytest.mark.parametrize("access", ["read", "write"])
@pytest.mark.parametrize("rule", ["file", "directory", "directory/inner"])
async def test_a_scope_that_has_become_a_link_is_refused(
    box, rule, access, monkeypatch
):
    """It was a directory, or a file, when it was looked at."""
    touch(box.root / "file")
    touch(box.root / "directory/inner/file")
    touch(box.beside / "inner/secret")
    box.rule(rule, access)
    facts = box.sandbox._survey.look(Scope(rules=box.rules), str(box.scope))
    swapped = box.root / rule.partition("/")[0]
    swapped.rename(box.root / "elsewhere")
    swapped.symlink_to(box.beside)
    monkeypatch.setattr(box.sandbox._survey, "look", lambda *_: facts)

    with pytest.raises(CommandNotStartedError) as caught:
        await box.start("true")

    assert str(box.root / rule) in caught.value.reason


async def test_what_is_shown_can_be_read_although_it_lies_in_something_hidden(box):
    touch(box.root / "state/outputs/one")
    touch(box.root / "state/journal")
    box.set(hidden=(str(box.root / "state"),), shown=(str(box.root / "state/outputs"),))

    assert await box.says(f"cat {box.root}/state/outputs/one") == "as it was"
    await box.fails(f"cat {box.root}/state/journal")
    await box.fails(f"echo x > {box.root}/state/outputs/one")


async def test_a_whole_machine_as_scope_still_hides_what_is_closed(box):
    box.rules = (Rule(path="/", access="read"), *box.rules)
    box.set(hidden=(str(box.beside),))
    touch(box.beside / "file")
    touch(box.home / "file")

    assert await box.says(f"cat {box.home}/file") == "as it was"
    await box.fails(f"cat {box.beside}/file")
    await box.fails("echo x > /etc/new")
    await box.says(
        "echo x > inside; echo x > $TMPDIR/x; echo x > ~/x; cat $TMPDIR/x ~/x"
    )
    assert not (box.home / "x").exists()
    assert await box.says(
        "ls /proc | grep -c '^[0-9]'; test -c /dev/null && ls /dev | wc -l"
    )


async def test_a_file_system_below_the_scope_is_read_only_with_it(box):
    """What lies outside is read-only with all that is mounted in it."""
    output = await box.says("grep -v ' ro,' /proc/self/mountinfo | cut -d' ' -f5")

    private = {str(box.home), "/tmp", "/dev/shm", "/dev/pts"}
    rest = (
        set(output.split())
        - private
        - {
            f"/dev/{name}"
            for name in ("null", "zero", "full", "random", "urandom", "tty")
        }
    )
    assert rest == {str(box.scope)}


async def test_modes_are_kept_where_nobody_may_read(box):
    assert stat.S_IMODE(box.scope.stat().st_mode) == 0o755
    await box.says("mkdir closed && chmod 0 closed")

    assert await box.says("stat -c %a closed") == "0\n"
