from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from podd.errors import CommandNotStartedError
from podd.sandbox import bubblewrap
from podd.sandbox.plan import Mount, Plan


def _plan(*mounts, network="allow", cwd="/"):
    return Plan(
        mounts=mounts,
        placeholders=(),
        writable=(),
        network=network,
        cwd=cwd,
        home="/tmp",
        temporary="/tmp",
    )


def _words(*mounts, **more):
    return bubblewrap.argv(_plan(*mounts, **more), ["true"], temporary_bytes=4096)


def _after(words, *start):
    """What follows a run of words."""
    for at in range(len(words)):
        if tuple(words[at : at + len(start)]) == start:
            return words[at + len(start) :]
    pytest.fail(f"{start} is not in {words}")


def _fake(directory, text, mode=0o755):
    program = directory / "bwrap"
    program.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    program.chmod(mode)
    return program


def test_the_command_stands_last_and_starts_where_the_plan_says():
    words = bubblewrap.argv(
        _plan(cwd="/w"), ["sh", "-c", "--help"], program="/x/bwrap", temporary_bytes=1
    )

    assert words[0] == "/x/bwrap"
    assert words[-6:] == ["--chdir", "/w", "--", "sh", "-c", "--help"]


def test_nothing_outlives_it_and_it_has_no_rights_and_no_terminal():
    words = _words()

    for word in ("--unshare-pid", "--unshare-ipc", "--die-with-parent"):
        assert word in words
    assert "--new-session" in words
    assert _after(words, "--cap-drop")[0] == "ALL"


def test_the_network_is_taken_where_it_is_denied():
    assert "--unshare-net" in _words(network="deny")
    assert "--unshare-net" not in _words(network="allow")


def test_mounts_are_told_in_their_order():
    words = _words(
        Mount(kind="devices", path="/dev"),
        Mount(kind="processes", path="/proc"),
        Mount(kind="bind", path="/usr"),
        Mount(kind="link", path="/bin", source="usr/bin", directory=False),
        Mount(kind="private", path="/tmp", source="tmp"),
        Mount(kind="bind", path="/tmp/w", writable=True),
        Mount(kind="bind", path="/tmp/w/hole"),
    )

    assert _after(words, "--cap-drop", "ALL")[:30] == [
        *("--dev", "/dev", "--proc", "/proc"),
        *("--ro-bind", "/usr", "/usr"),
        *("--symlink", "usr/bin", "/bin"),
        *("--perms", "0700", "--size", "4096", "--tmpfs", "/tmp"),
        *("--bind", "/tmp/w", "/tmp/w"),
        *("--ro-bind", "/tmp/w/hole", "/tmp/w/hole"),
        # HOME and TMPDIR, which may lie in what is private.
        *("--dir", "/tmp", "--dir", "/tmp"),
        *("--remount-ro", "/", "--chdir", "/"),
    ]


def test_what_is_hidden_is_empty_and_closed():
    words = _words(
        Mount(kind="bind", path="/w", writable=True),
        Mount(kind="mask", path="/w/secret"),
        Mount(kind="mask", path="/w/key", directory=False),
    )

    assert _after(words, "/w", "/w")[:7] == [
        *("--perms", "0000", "--tmpfs", "/w/secret"),
        *("--ro-bind", os.devnull, "/w/key"),
    ]
    assert _after(words, "--remount-ro")[0] == "/w/secret"


def test_directories_of_its_own_are_closed_after_what_lies_in_them():
    words = _words(
        Mount(kind="empty", path="/w", make=True),
        Mount(kind="empty", path="/w/sub", make=True, listed=False),
        Mount(kind="bind", path="/w/sub/x"),
    )

    assert _after(words, "--perms", "0555")[:2] == ["--tmpfs", "/w"]
    assert _after(words, "--perms", "0111")[:2] == ["--tmpfs", "/w/sub"]
    assert _after(words, "--dir", "/tmp", "--dir", "/tmp")[:6] == [
        *("--remount-ro", "/w/sub", "--remount-ro", "/w", "--remount-ro", "/"),
    ]


def test_a_root_that_is_shown_stays_as_it_is():
    words = _words(Mount(kind="bind", path="/", writable=True))

    assert _after(words, "--cap-drop", "ALL")[:3] == ["--bind", "/", "/"]
    assert "--remount-ro" not in words


def test_descriptors_are_handed_over():
    words = bubblewrap.argv(_plan(), ["x"], temporary_bytes=1, told=7, held=8)

    assert _after(words, "--info-fd")[0] == "7"
    assert _after(words, "--block-fd")[0] == "8"
    assert "--info-fd" not in _words()


def test_what_it_cannot_do_is_an_error_and_not_left_out():
    with pytest.raises(CommandNotStartedError) as error:
        _words(Mount(kind="pin", path="/w/.git", directory=False))

    assert "/w/.git" in error.value.reason


@pytest.mark.processes
def test_an_attempt_says_why_it_failed(tmp_path):
    said = "bwrap: setting up uid map: Permission denied"

    assert bubblewrap.attempt(str(_fake(tmp_path, "exit 0"))) == ""
    assert (
        bubblewrap.attempt(
            str(_fake(tmp_path, f"echo note >&2; echo '{said}' >&2; false"))
        )
        == "setting up uid map: Permission denied"
    )
    assert bubblewrap.attempt(str(_fake(tmp_path, "exit 7"))) == "status 7"
    assert "no-such" in bubblewrap.attempt("/no-such/bwrap")


@pytest.mark.processes
def test_an_attempt_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(bubblewrap, "_ATTEMPT_SECONDS", 0.05)

    assert "timed out" in bubblewrap.attempt(
        str(_fake(tmp_path, "exec cat <>/dev/zero"))
    )


def test_one_that_is_not_there_is_not_found(tmp_path):
    (tmp_path / "bwrap").mkdir()

    assert bubblewrap.find([str(tmp_path), "/no-such"]) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to root")
def test_only_one_that_root_alone_may_change_is_trusted(tmp_path):
    places = ["/no-such", str(tmp_path)]

    assert bubblewrap.find(places) is None
    program = _fake(tmp_path, "")
    assert bubblewrap.find(places) == str(program)
    for mode in (0o775, 0o757, 0o644):
        program.chmod(mode)
        assert bubblewrap.find(places) is None, oct(mode)
    program.chmod(0o755)
    os.chown(program, 12345, 0)
    assert bubblewrap.find(places) is None


def test_path_is_not_asked(tmp_path, monkeypatch):
    _fake(tmp_path, "")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert bubblewrap.find() != str(tmp_path / "bwrap")


@pytest.mark.processes
def test_the_real_one_follows_a_plan(tmp_path):
    program = bubblewrap.find()
    if program is None or bubblewrap.attempt(program):
        pytest.skip("bubblewrap is not installed, or may not work here")
    for name in ("w/hole", "w/secret"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "w/key").write_text("k", encoding="utf-8")
    work = f"{tmp_path}/w"
    plan = _plan(
        Mount(kind="devices", path="/dev"),
        Mount(kind="processes", path="/proc"),
        Mount(kind="bind", path="/usr"),
        *(
            Mount(kind="link", path=str(path), source=str(path.readlink()))
            if path.is_symlink()
            else Mount(kind="bind", path=str(path))
            for path in map(Path, ("/bin", "/lib", "/lib64"))
            if path.exists()
        ),
        Mount(kind="private", path="/tmp", source="tmp"),
        Mount(kind="bind", path=work, writable=True),
        Mount(kind="bind", path=f"{work}/hole"),
        Mount(kind="mask", path=f"{work}/secret"),
        Mount(kind="mask", path=f"{work}/key", directory=False),
        network="deny",
        cwd=work,
    )
    text = (
        "echo in > in; for f in hole/x secret/x /x /usr/x; do echo x > $f; done; "
        "cat key; mv hole moved; cat in; echo $$"
    )
    reading, writing = os.pipe()
    words = bubblewrap.argv(
        plan,
        ["/bin/sh", "-c", text],
        program=program,
        temporary_bytes=65536,
        told=writing,
    )

    done = subprocess.run(
        words, check=False, capture_output=True, pass_fds=[writing], timeout=20
    )
    os.close(writing)
    with open(reading, "rb") as pipe:  # noqa: PTH123  # a descriptor
        told = json.load(pipe)

    assert done.stdout == b"in\n2\n"
    assert done.stderr.count(b"\n") == 6
    assert told["child-pid"] > 0
    assert sorted(path.name for path in Path(work).iterdir()) == [
        "hole",
        "in",
        "key",
        "secret",
    ]
