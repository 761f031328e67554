from __future__ import annotations

import os
import platform
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from podd.sandbox import seccomp, syscall_filter
from podd.sandbox.syscall_numbers import NUMBERS
from tests.sandbox.bpf_machine import verdict
from tests.sandbox.confined import process, run
from tests.sandbox.test_syscall_filter import ARCHITECTURES

MACHINE = platform.machine()

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(
        not syscall_filter.is_known(MACHINE), reason=f"no filter for {MACHINE}"
    ),
]

_NAMESPACES = {
    "mount": 0x20000,
    "cgroup": 0x0200_0000,
    "uts": 0x0400_0000,
    "ipc": 0x0800_0000,
    "user": 0x1000_0000,
    "pid": 0x2000_0000,
    "network": 0x4000_0000,
}


def test_every_call_of_the_list_is_refused_for_real():
    numbers = {
        call: NUMBERS[MACHINE][call]
        for call in seccomp._REFUSED
        if call in NUMBERS[MACHINE]
    }
    # Arguments with which none of them could do anything, were it let through.
    body = """
found = {name: syscall(number, -1, 0, 0, 0, 0, 0) for name, number in
    given['numbers'].items()}
"""

    found = run(body, calls={}, numbers=numbers)

    assert set(found.values()) == {"EPERM"}
    assert len(found) > 70


@pytest.mark.parametrize("machine", sorted(ARCHITECTURES))
def test_every_call_is_named_for_each_machine_or_is_not_there(machine):
    """A misspelt call would be left out in silence."""
    rules = seccomp.rules(network=True, truncation=True)
    only_old = {
        *("open", "chmod", "chown", "lchown", "utime", "utimes", "futimesat", "mknod"),
        *("iopl", "ioperm"),
    }

    unknown = {rule.call for rule in rules} - set(NUMBERS[machine])

    assert unknown == (only_old if machine == "aarch64" else set())


@pytest.mark.parametrize("machine", sorted(ARCHITECTURES))
@pytest.mark.parametrize("network", [True, False])
@pytest.mark.parametrize("truncation", [True, False])
def test_each_machine_has_the_same_filter(machine, network, truncation):
    program = syscall_filter.assemble(
        seccomp.rules(network=network, truncation=truncation), machine
    )

    def say(call, *arguments):
        number = NUMBERS[machine][call]
        return verdict(program, ARCHITECTURES[machine], number, *arguments)

    for name, flag in _NAMESPACES.items():
        assert say("clone", flag | 17) == "EPERM", name
        assert say("unshare", flag) == "EPERM", name
    assert say("unshare", 0x80) == "EPERM", "a new time"
    assert say("unshare", 0x400) is None, "descriptors of its own"
    assert say("clone", 0x80 | 17) is None
    assert say("clone3") == "ENOSYS"
    of_the_network = None if network else "EPERM"
    assert say("socket", 2, 1, 0) == say("socket", 10, 2, 17) == of_the_network
    assert say("socket", 16, 3, 0) == of_the_network
    for domain in (1, 17, 31, 38, 40):
        assert say("socket", domain, 1, 0) == "EPERM"
    assert say("socket", 16, 3, 15) == "EPERM", "netlink, but not of routes"
    assert say("socketpair", 1, 1 | 0o2004000) is None
    assert say("socketpair", 1, 5) is None
    assert say("socketpair", 1, 2) == say("socketpair", 1, 3) == "EPERM"
    assert say("prlimit64", 0, 7) is None
    assert say("prlimit64", 1, 7) == "EPERM"
    assert say("setpriority", 0, 0) is say("sched_setscheduler", 0) is None
    assert say("setpriority", 0, 7) == say("sched_setscheduler", 7) == "EPERM"
    assert say("ioprio_set", 1, 7) == say("sched_setattr", 7) == "EPERM"
    for control in (0x4008_6602, 0x401C_5820, 0x5412):
        assert say("ioctl", 3, control) == "EPERM"
    assert say("ioctl", 3, 0x5401) is None
    assert say("mknodat", -100 & (2**64 - 1), 0, 0o010644) is None, "a FIFO"
    for kind in (0o020000, 0o060000):
        assert say("mknodat", 0, 0, kind | 0o644) == "EPERM"
    kept = "EPERM" if truncation else None
    assert say("truncate") == kept
    assert say("openat", 0, 0, 0o1000) == say("openat", 0, 0, 0o1003) == kept
    assert say("openat", 0, 0, 0o1001) is say("openat", 0, 0, 0) is None
    assert say("openat2") == ("ENOSYS" if truncation else None)


def test_modes_owners_times_and_attributes_stay(tmp_path):
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    before = file.stat()
    body = """
file = given['file']
found = {
    'chmod': fault(os.chmod, file, 0o777),
    'chown': fault(os.chown, file, os.getuid(), os.getgid()),
    'utime': fault(os.utime, file, (1, 1)),
    'now': fault(os.utime, file),
    'setxattr': fault(os.setxattr, file, 'user.podd', b'x'),
    'shell': sh('chmod 777 ' + file)[0],
}
with open(file) as opened:
    found['fchmod'] = fault(os.fchmod, opened.fileno(), 0o777)
    found['futimens'] = fault(os.utime, opened.fileno())
    found['fsetxattr'] = fault(os.setxattr, opened.fileno(), 'user.podd', b'x')
"""

    found = run(body, calls={}, file=str(file))

    assert found.pop("shell") == 1
    assert set(found.values()) == {"EPERM"}
    after = file.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_mode,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM"])
def test_no_socket_file_is_reached(kind):
    body = f"""
def reach():
    with socket.socket(socket.AF_UNIX, socket.{kind}) as client:
        client.connect(given['path'])
def reach_from_a_pair():
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.sendto(b'told', given['path'])
found = [fault(reach), fault(reach_from_a_pair)]
"""
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as directory,
        socket.socket(socket.AF_UNIX, getattr(socket, kind)) as server,
    ):
        path = f"{directory}/s"
        server.bind(path)
        if kind == "SOCK_STREAM":
            server.listen()
        refused = run(body, calls={}, path=path)
        free = run(body, path=path)

    assert refused == ["EPERM", "EPERM"]
    assert free[0] == ""
    assert free[1] == ("" if kind == "SOCK_DGRAM" else "EPROTOTYPE")


def test_a_pair_of_streams_talks_and_cannot_be_pointed_elsewhere():
    body = """
one, other = socket.socketpair()
one.sendall(b'told')
found = [other.recv(4).decode(), fault(one.connect, given['path'])]
"""
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as directory,
        socket.socket(socket.AF_UNIX) as server,
    ):
        server.bind(f"{directory}/s")
        server.listen()
        found = run(body, calls={}, path=f"{directory}/s")

    assert found == ["told", "EISCONN"]


def test_the_network_works_until_it_is_denied():
    body = """
def listen():
    with socket.create_server(('127.0.0.1', 0)) as server:
        socket.create_connection(server.getsockname()).close()
found = fault(listen)
"""

    assert run(body, calls={}) == ""
    assert run(body, calls={"network": False}) == "EPERM"


def test_what_programs_do_every_day_works():
    body = """
import threading
thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
reading, writing = os.pipe()
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE))
found = [sh('echo one | tr o O; (exit 3)'), sh('sleep 0 & wait; kill -0 $$'),
    fault(os.nice, 0), sh(given['python'] + ' -I -S -c "print(1)"')]
"""

    found = run(body, calls={}, python=shutil.which("python3") or "echo 1 #")

    assert found == [[3, "One\n"], [0, ""], "", [0, "1\n"]]


@pytest.mark.parametrize(
    ("program", "text", "said"),
    [
        ("grep", "echo word > file; grep -rn wo .", "./file:1:word\n"),
        ("make", "printf 'all:\\n\\t@echo made' > Makefile; make", "made\n"),
        ("sed", "echo a > x; sed s/a/b/ x", "b\n"),
        ("mkfifo", "mkfifo f; echo told > f & cat f", "told\n"),
    ],
)
def test_programs_of_every_day_work(tmp_path, program, text, said):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    body = "os.chdir(given['directory'])\nfound = sh(given['text'])"

    assert run(body, calls={}, directory=str(tmp_path), text=text) == [0, said]


def test_git_works_in_a_repository_that_is_there(tmp_path):
    git = shutil.which("git")
    if not git or not Path(git).stat().st_size:
        pytest.skip("git is not installed")
    body = """
os.chdir(given['directory'])
os.environ.update(HOME=given['directory'], GIT_CONFIG_NOSYSTEM='1')
found = sh(given['text'])
"""
    facts = {"directory": str(tmp_path)}
    who = "git -c user.name=a -c user.email=a@b"
    assert run(body, text="git init -q .", **facts) == [0, ""]
    text = f"echo a > a; git add a && {who} commit -qm one && git status --short"

    assert run(body, calls={}, text=text, **facts) == [0, ""]


def test_what_it_costs_is_so(tmp_path):
    """Each sentence of `COSTS` that a shell can show."""
    body = """
os.chdir(given['directory'])
found = [sh(text)[0] for text in ('touch new', 'cp -p new other', 'ls new')]
found += [syscall(given['shmget'], 0, 4096, 0o1600), fault(os.chmod, 'new', 0o600)]
"""
    shmget = NUMBERS[MACHINE]["shmget"]

    found = run(body, calls={}, directory=str(tmp_path), shmget=shmget)

    assert found == [1, 1, 0, "EPERM", "EPERM"]
    assert all(cost and cost[-1] != "." for cost in seccomp.COSTS)


def test_without_filters_it_says_so():
    found = run(
        "found = fault(seccomp.install_filter)",
        lacks=("seccomp",),
    )

    assert found == "EINVAL"


def test_a_machine_that_is_not_known_is_an_error_and_no_filter(monkeypatch):
    monkeypatch.setattr(syscall_filter, "machine", lambda: "riscv64")

    with pytest.raises(OSError, match="riscv64"):
        seccomp.install_filter()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make devices")
def test_root_makes_no_device(tmp_path):
    body = """
os.chdir(given['directory'])
found = [fault(os.mknod, 'null', 0o666 | stat.S_IFCHR, os.makedev(1, 3)),
    fault(os.mkfifo, 'fifo')]
"""

    assert run(body, calls={}, directory=str(tmp_path)) == ["EPERM", ""]


def test_files_cannot_be_emptied_where_landlock_does_not_look(tmp_path):
    file = tmp_path / "file"
    file.write_text("kept", encoding="utf-8")
    body = """
file = given['file']
found = [fault(os.truncate, file, 0)]
for way in (os.O_RDONLY, 3):
    found.append(fault(os.open, file, way | os.O_TRUNC))
"""

    assert run(body, calls={"truncation": True}, file=str(file)) == ["EPERM"] * 3
    assert file.read_text(encoding="utf-8") == "kept"
    more = "found = fault(os.open, given['file'], os.O_WRONLY | os.O_TRUNC)"
    assert run(more, calls={"truncation": True}, file=str(file)) == ""
    assert process(body, file=str(file)).returncode == 0
    assert file.read_text(encoding="utf-8") == "", "and without the filter they are"
