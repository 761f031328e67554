"""Starting a pod, and what a start that fails leaves behind: nothing."""

from __future__ import annotations

import os
import resource
import socket
import stat
from pathlib import Path

import msgspec
import pytest

from podd.errors import (
    JournalDamagedError,
    ManifestError,
    NameTakenError,
    NoSuchError,
    ScopeConflictError,
    StartFailedError,
    UnsafeDirectoryError,
    UsageError,
)
from podd.launch import start as starting
from podd.launch.ending import end
from podd.launch.start import StartRequest, start
from podd.paths import SOCKET_PATH_BYTES, Places
from podd_protocol.requests import Run, Status
from tests.launch.pods import (
    ENDLESS,
    OUTLIVES,
    connected,
    entries,
    held,
    kill,
    kill_all,
    kinds,
    resumed,
    started,
    subscribed,
    until,
    write_pod,
)

pytestmark = [pytest.mark.processes, pytest.mark.filterwarnings(OUTLIVES)]

UNKNOWN = "0190a000-0000-7000-8000-00000000000f"


def _assert_nothing_is_left(places, *, sessions=0):
    assert held(places) == []
    assert list(places.pods.glob("*")) == []
    assert len(list(places.sessions.glob("*"))) == sessions


def _failing(places, file, **more):
    with pytest.raises(StartFailedError) as failed:
        started(places, file, **more)
    return failed.value


def test_a_broken_script_is_told_with_its_line_before_anything_is_started(
    places, tmp_path
):
    file = write_pod(tmp_path)
    script = tmp_path / "demo.script.toml"
    script.write_text('[[step]]\ntext = "a"\nsay = "b"\n', encoding="utf-8")

    with pytest.raises(ManifestError) as failed:
        started(places, file)

    assert (failed.value.path, failed.value.line) == (str(script), 3)
    assert not places.runtime.exists()


def test_a_started_pod_answers_under_the_path_that_was_told(places, tmp_path):
    pod = started(places, write_pod(tmp_path))

    with connected(pod) as connection:
        welcome = connection.welcome
    assert (welcome.pod, welcome.session, welcome.pid) == ("demo", pod.session, pod.pid)
    assert pod.socket == str(places.socket("demo"))
    assert pod.log == str(places.log_file("demo"))
    assert held(places) == ["demo"]


def test_a_pod_holds_nothing_of_its_caller(places, tmp_path, monkeypatch):
    monkeypatch.setenv("COLOUR", "blue")
    file = write_pod(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (333, hard))
    mask = os.umask(0o027)
    secret = (tmp_path / "secret").open("wb")
    os.set_inheritable(secret.fileno(), True)
    try:
        pod = started(places, file)
    finally:
        os.umask(mask)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        secret.close()
    with subscribed(pod) as connection:
        until(connection, "surface_changed")  # all is imported that it needs so far
    proc = Path(f"/proc/{pod.pid}")

    assert (proc / "cwd").readlink() == Path("/")
    environment = (proc / "environ").read_text(encoding="utf-8").split("\0")
    assert "COLOUR=blue" in environment
    status = dict(line.split(":\t", 1) for line in _lines(proc / "status"))
    assert int(status["Umask"], 8) == 0o027
    (most,) = (line for line in _lines(proc / "limits") if "open files" in line)
    assert most.split()[3] == "333"
    fields = (proc / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    group, session, terminal = (int(field) for field in fields[2:5])
    assert (group, session, terminal) == (pod.pid, pod.pid, 0)
    files = {int(fd.name): str(fd.readlink()) for fd in (proc / "fd").iterdir()}
    own = (
        "socket:",
        "anon_inode:",
        "/dev/null",
        f"{places.runtime}",
        f"{places.state}",
    )
    assert [path for path in files.values() if not path.startswith(own)] == []
    assert [files[number] for number in range(3)] == ["/dev/null", "/dev/null", pod.log]


def _lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def test_a_name_and_a_scope_are_had_once(places, tmp_path):
    """Promise 4."""
    file = write_pod(tmp_path)
    pod = started(places, file)

    with pytest.raises(NameTakenError) as name:
        started(places, file)
    with pytest.raises(ScopeConflictError) as scope:
        started(places, file, name="other")

    assert (name.value.name, name.value.pid) == ("demo", pod.pid)
    assert scope.value.holder == "demo"
    assert scope.value.doing in {"starting", "idle"}
    assert held(places) == ["demo"]
    assert len(list(places.sessions.iterdir())) == 1


def test_a_scope_conflict_says_what_the_holder_does(places, tmp_path):
    file = write_pod(tmp_path, ENDLESS)
    pod = started(places, file)
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="work"))
        until(connection, "text_delta")

        with pytest.raises(ScopeConflictError) as scope:
            started(places, file, name="other")

    assert scope.value.doing == "running"


def test_replacing_ends_the_live_pod_first(places, tmp_path):
    file = write_pod(tmp_path)
    old = started(places, file)

    new = started(places, file, replace=True)

    assert new.pid != old.pid
    assert kinds(places, old.session)[-1] == "session_closed"
    assert held(places) == ["demo"]


def test_ending_a_pod_that_is_not_there_is_nothing(places):
    end(places, "nobody", timeout_seconds=1)


def test_after_a_kill_the_scope_is_free(places, tmp_path):
    """Promise 6, for what a pod itself holds."""
    file = write_pod(tmp_path)
    kill(started(places, file))
    assert held(places) == ["demo"]

    pod = started(places, file, name="other", timeout_seconds=2)

    assert pod.name == "other"
    assert held(places) == ["other"]


def test_a_session_that_a_live_pod_writes_is_refused(places, tmp_path):
    file = write_pod(tmp_path, write="")
    pod = started(places, file)

    failed = _failing(places, file, name="other", resume=pod.session)

    assert (failed.code, failed.exit_code) == ("session_held", 4)
    assert (failed.details["session"], failed.details["pod"]) == (pod.session, "demo")
    assert failed.remedy
    assert held(places) == ["demo"]
    assert [path.name for path in places.pods.iterdir()] == ["demo"]
    with connected(pod) as connection:
        assert connection.ask(Status(id=0)).session == pod.session


def test_a_damaged_journal_is_refused_by_file_and_line(places, tmp_path):
    file = write_pod(tmp_path)
    pod = started(places, file)
    end(places, "demo", timeout_seconds=10)
    journal = places.session(pod.session) / "journal.jsonl"
    content = journal.read_bytes()
    journal.write_bytes(content.replace(b'"pod_started"', b'"pod_stArted"'))

    failed = _failing(places, file, resume=pod.session)
    with pytest.raises(JournalDamagedError) as damaged:
        resumed(places, pod.session)

    assert (failed.code, failed.exit_code) == ("journal_damaged", 1)
    line = 1 + content[: content.index(b'"pod_started"')].count(b"\n")
    assert (failed.details["line"], damaged.value.line) == (line, line)
    assert failed.details["path"] == str(journal)
    _assert_nothing_is_left(places, sessions=1)
    assert journal.read_bytes() != content


def test_an_instruction_that_cannot_be_rendered_is_told_and_nothing_is_left(
    places, tmp_path
):
    (tmp_path / "own.md").write_text("You are {{ nobody", encoding="utf-8")
    file = write_pod(tmp_path, more='[agent]\ninstruction = "own.md"\n')

    failed = _failing(places, file)

    assert (failed.code, failed.exit_code) == ("bad_manifest", 2)
    assert failed.details["path"] == str(tmp_path / "own.md")
    _assert_nothing_is_left(places)


def test_an_allocation_that_cannot_be_adopted_is_told_and_nothing_is_left(
    places, tmp_path, monkeypatch
):
    message = starting.StartMessage

    def forged(**fields):
        return message(**(fields | {"token": "f" * 32}))

    monkeypatch.setattr(starting, "StartMessage", forged)

    failed = _failing(places, write_pod(tmp_path))

    assert (failed.code, failed.exit_code) == ("denied", 5)
    assert failed.details["loss"] == "allocation_changed"
    _assert_nothing_is_left(places)


def test_a_session_that_is_not_there_is_told_and_nothing_is_left(places, tmp_path):
    file = write_pod(tmp_path)

    failed = _failing(places, file, resume=UNKNOWN)
    with pytest.raises(NoSuchError):
        resumed(places, UNKNOWN)

    assert (failed.code, failed.exit_code) == ("no_such_session", 3)
    _assert_nothing_is_left(places)


def test_neither_a_manifest_nor_a_session_is_nothing_to_start(places):
    with pytest.raises(UsageError):
        start(StartRequest(places=places, resolved=None))


def test_a_start_interrupted_at_its_very_end_leaves_no_pod(
    places, tmp_path, monkeypatch
):
    report = starting.PodProcess.report

    def interrupt(self, timeout_seconds, abandon):
        report(self, timeout_seconds, abandon)
        assert places.pod("demo").exists()
        raise KeyboardInterrupt

    monkeypatch.setattr(starting.PodProcess, "report", interrupt)

    with pytest.raises(KeyboardInterrupt):
        started(places, write_pod(tmp_path))

    assert list(places.pods.iterdir()) == []
    assert list(places.sessions.iterdir()) == []


def test_an_interrupted_start_leaves_nothing(places, tmp_path, monkeypatch):
    def interrupt(self, timeout_seconds, abandon):
        raise KeyboardInterrupt

    monkeypatch.setattr(starting.PodProcess, "report", interrupt)

    with pytest.raises(KeyboardInterrupt):
        started(places, write_pod(tmp_path))

    _assert_nothing_is_left(places)


def test_a_runtime_directory_too_deep_for_a_socket_serves(short_directory, tmp_path):
    places = Places(
        runtime=short_directory / ("d" * 120) / "r",
        state=short_directory / "state",
        configuration=short_directory / "config",
    )
    try:
        pod = started(places, write_pod(tmp_path))

        assert len(os.fsencode(pod.socket)) <= SOCKET_PATH_BYTES
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(pod.socket)
        with connected(pod) as connection:
            assert connection.welcome.pid == pod.pid
        assert (places.pods / "demo" / "sock").is_socket()
        end(places, "demo", timeout_seconds=10)
        assert not (places.pods / "demo").exists()
    finally:
        kill_all(places)
        places.socket_alias.unlink(missing_ok=True)


@pytest.mark.parametrize("whose", ["writable by others", "of somebody else"])
def test_a_runtime_directory_that_is_not_ours_alone_is_refused(places, tmp_path, whose):
    places.runtime.mkdir(mode=0o700)
    if whose == "writable by others":
        places.runtime.chmod(0o777)
    elif os.getuid() != 0:
        pytest.skip("only root can give a directory away")
    else:
        os.chown(places.runtime, 12345, 12345)

    with pytest.raises(UnsafeDirectoryError) as refused:
        started(places, write_pod(tmp_path))

    assert refused.value.path == str(places.runtime)
    assert list(places.runtime.iterdir()) == []
    assert not places.sessions.exists()
    # Ours again, so that the fixture may look there for pods.
    os.chown(places.runtime, os.getuid(), -1)
    places.runtime.chmod(0o700)


def test_what_podd_makes_is_its_users_alone(places, tmp_path):
    pod = started(places, write_pod(tmp_path))
    files = [places.runtime, *places.runtime.rglob("*")]
    files += [places.state, *places.state.rglob("*")]

    modes = {
        str(path): stat.S_IMODE(path.lstat().st_mode)
        for path in files
        if not path.is_symlink()
    }

    assert {path for path, mode in modes.items() if mode & 0o077} == set()
    assert modes[pod.socket] == 0o600
    assert modes[str(places.pod("demo"))] == 0o700
    assert (
        msgspec.json.decode(places.status_file("demo").read_bytes())["pid"] == pod.pid
    )


def test_a_manifest_given_with_a_resume_becomes_a_new_surface(places, tmp_path):
    pod = started(places, write_pod(tmp_path))
    with subscribed(pod) as connection:
        until(connection, "surface_changed")
    end(places, "demo", timeout_seconds=10)
    (tmp_path / "own.md").write_text("You are somebody else.", encoding="utf-8")
    file = write_pod(tmp_path, more='[agent]\ninstruction = "own.md"\n')

    again = started(places, file, resume=pod.session)

    assert again.session == pod.session
    with subscribed(again) as connection:
        until(connection, "surface_changed")
    end(places, "demo", timeout_seconds=10)
    surfaces = [e for e in entries(places, pod.session) if hasattr(e, "surface")]
    assert [s.cause for s in surfaces] == ["started", "manifest_given"]
    assert surfaces[1].manifest is not None
    assert "somebody else" in surfaces[1].surface.system
