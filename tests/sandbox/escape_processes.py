"""Other processes, what outlives a command, and the machine itself."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pty
import select
import signal
from pathlib import Path

from podd.sandbox.settings import Means
from tests.sandbox.escape_attempt import (
    DESCRIPTORS,
    ENDING,
    EVERYTHING,
    KEYRINGS,
    LANDLOCK,
    MEMORY,
    MESSAGES,
    PROCESSES,
    SESSION,
    Attempt,
    ended,
    leaked,
    told,
)
from tests.sandbox.escape_world import World, process_with

_OTHERS = (PROCESSES, LANDLOCK)
_LISTED: dict[Means, str] = {
    "landlock": "other processes can be listed, with their command lines"
}

#: Root's have capabilities that no command has.
_PLACED: dict[Means, str] = (
    {"landlock": "on which processors other processes of this user run can be changed"}
    if os.geteuid() != 0
    else {}
)


def _no_choice() -> str:
    return "" if len(os.sched_getaffinity(0)) > 1 else "there is one processor"


def _is_placed(world: World, output: str) -> bool:
    assert world.victim is not None
    return len(os.sched_getaffinity(world.victim.pid)) == 1


def _stopped(world: World, output: str) -> bool:
    assert world.victim is not None
    state = (
        Path(f"/proc/{world.victim.pid}/stat")
        .read_bytes()
        .rpartition(b")")[2]
        .split()[0]
    )
    os.kill(world.victim.pid, signal.SIGCONT)
    return state == b"T"


def _slowed(world: World, output: str) -> bool:
    assert world.victim is not None
    return os.getpriority(os.PRIO_PROCESS, world.victim.pid) > os.getpriority(
        os.PRIO_PROCESS, 0
    )


def _is_limited(world: World, output: str) -> bool:
    import resource

    assert world.victim is not None
    return resource.prlimit(world.victim.pid, resource.RLIMIT_NOFILE)[0] == 7


def _scheduled(world: World, output: str) -> bool:
    assert world.victim is not None
    return os.sched_getscheduler(world.victim.pid) == os.SCHED_IDLE


def _victim(world: World) -> None:
    world.start_victim()


def _queue(world: World) -> None:
    """A queue of System V with the secret in it."""
    libc = ctypes.CDLL(None, use_errno=True)
    key = world.token & 0x7FFF_FFFF
    queue = libc.msgget(key, 0o1600)
    assert queue >= 0
    world.on_close(libc.msgctl, queue, 0, None)
    text = world.secret.encode()
    message = ctypes.create_string_buffer(ctypes.sizeof(ctypes.c_long) + len(text))
    message[0] = b"\1"
    message[ctypes.sizeof(ctypes.c_long) :] = text
    assert libc.msgsnd(queue, message, len(text), 0) == 0
    world.facts["key"] = key


def _no_queues() -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    queue = libc.msgget(0, 0o1600)
    if queue < 0:
        return f"no message queues: {os.strerror(ctypes.get_errno())}"
    libc.msgctl(queue, 0, None)
    return ""


_KEYCTL = {"x86_64": (248, 250)}.get(os.uname().machine, (217, 219))


def _no_keys() -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(_KEYCTL[1], 0, -4, 0) < 0:  # the session's, not made
        return f"no keyrings: {os.strerror(ctypes.get_errno())}"
    return ""


def _terminal(world: World) -> None:
    ours, theirs = pty.openpty()
    world.on_close(os.close, ours)
    world.on_close(os.close, theirs)
    world.facts |= {"ours": ours, "terminal": os.ttyname(theirs)}


def _typed(world: World, output: str) -> bool:
    ours = world.facts["ours"]
    assert isinstance(ours, int)
    ready, _, _ = select.select([ours], [], [], 0.1)
    return bool(ready) and str(world.token).encode() in os.read(ours, 4096)


def _outlived(world: World, output: str) -> bool:
    pid = process_with(f"600.{world.token}")
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return pid is not None


_OTHERS_OWN = {
    "environment": "tr '\\0' '\\n' < /proc/$pid/environ",
    "directory": "cat /proc/$pid/cwd/file",
    "root": "cat /proc/$pid/root$beside/file",
    "descriptor": "cat /proc/$pid/fd/2",
}
_MEMORY_READ = """
import re
for line in open(f'/proc/{pid}/maps'):
    if '[stack]' in line:
        start, end = (int(part, 16) for part in re.split('[- ]', line)[:2])
"""

ATTEMPTS = (
    *(
        Attempt(
            name=f"process-{name}",
            how=how,
            prepare=_victim,
            proof=proof,
            without=_OTHERS,
        )
        for name, how, proof in (
            ("killed", "kill -9 $pid", ended),
            ("asked-to-end", "kill -TERM $pid", ended),
            ("stopped", "kill -STOP $pid", _stopped),
        )
    ),
    Attempt(
        name="process-signalled-by-descriptor",
        how="import signal\nsignal.pidfd_send_signal(os.pidfd_open(pid), 9)",
        is_python=True,
        prepare=_victim,
        proof=ended,
        without=_OTHERS,
    ),
    Attempt(
        name="process-sent-a-queued-signal",
        how="syscall({'x86_64': 129}.get(os.uname().machine, 138), pid, 9,"
        " struct.pack('iiiiQ', 9, 0, -1, 0, 0).ljust(128, b'\\0'))",
        is_python=True,
        prepare=_victim,
        proof=ended,
        without=_OTHERS,
    ),
    Attempt(
        name="process-listed",
        how="tr '\\0' ' ' < /proc/$pid/cmdline; ps axww; cat /proc/[0-9]*/cmdline",
        prepare=_victim,
        proof=leaked,
        without=(PROCESSES,),
        gaps=_LISTED,
    ),
    *(
        Attempt(
            name=f"process-{name}",
            how=how,
            is_python=True,
            prepare=_victim,
            proof=proof,
            # Root's has capabilities, so those of a namespace are not enough.
            without=(PROCESSES,) if name == "limited" else (EVERYTHING,),
            gaps=_PLACED if name == "placed" else {},
            needs=(_no_choice,) if name == "placed" else (),
        )
        for name, how, proof in (
            ("slowed", "os.setpriority(os.PRIO_PROCESS, pid, 19)", _slowed),
            (
                "limited",
                "import resource as r\nr.prlimit(pid, r.RLIMIT_NOFILE, (7, 7))",
                _is_limited,
            ),
            (
                "placed",
                "os.sched_setaffinity(pid, {min(os.sched_getaffinity(0))})",
                _is_placed,
            ),
            (
                "scheduled",
                "os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))",
                _scheduled,
            ),
        )
    ),
    *(
        Attempt(
            name=f"process-{name}-read",
            how=how,
            prepare=_victim,
            proof=leaked,
            without=(EVERYTHING,),
        )
        for name, how in _OTHERS_OWN.items()
    ),
    *(
        Attempt(
            name=f"process-memory-{name}",
            how=_MEMORY_READ + how,
            is_python=True,
            prepare=_victim,
            proof=leaked,
            without=(EVERYTHING,),
        )
        for name, how in {
            "read": """
with open(f'/proc/{pid}/mem', 'rb', 0) as memory:
    memory.seek(start)
    print(memory.read(end - start).decode(errors='replace'))
""",
            "copied": """
size = end - start
into = ctypes.create_string_buffer(size)
ours = struct.pack('QQ', ctypes.addressof(into), size)
syscall({'x86_64': 310}.get(os.uname().machine, 270), pid, ours, 1,
    struct.pack('QQ', start, size), 1, 0)
print(into.raw.decode(errors='replace'))
""",
        }.items()
    ),
    Attempt(
        name="process-traced",
        how="""
libc.ptrace.argtypes = [ctypes.c_long] * 4
if libc.ptrace(0x4206, pid, 0, 0) == 0:
    print('in', token)
""",
        is_python=True,
        prepare=_victim,
        proof=told,
        without=(EVERYTHING,),
    ),
    Attempt(
        name="process-descriptor-taken",
        how="print(os.pread(syscall(438, os.pidfd_open(pid), 2, 0), 99, 0).decode())",
        is_python=True,
        prepare=_victim,
        proof=leaked,
        without=(EVERYTHING,),
    ),
    Attempt(
        name="process-first-to-be-killed",
        how="echo 1000 > /proc/$pid/oom_score_adj",
        prepare=_victim,
        proof=lambda world, output: (
            Path(f"/proc/{world.victim.pid}/oom_score_adj").read_bytes() == b"1000\n"
        ),
        without=(EVERYTHING,),
    ),
    Attempt(
        name="keeper-descriptors",
        how="ls -l /proc/1/fd/ && : >/proc/1/fd/1 && echo in $token",
        proof=told,
        without=(MEMORY, LANDLOCK),
    ),
    Attempt(
        name="keeper-environment",
        how="cat /proc/1/environ && echo in $token",
        proof=told,
        without=(MEMORY, LANDLOCK),
    ),
    Attempt(
        name="keeper-traced",
        how="""
libc.ptrace.argtypes = [ctypes.c_long] * 4
if libc.ptrace(0x4206, 1, 0, 0) == 0:
    print('in', token)
""",
        is_python=True,
        proof=told,
        without=(MEMORY, LANDLOCK),
    ),
    Attempt(
        name="queue-of-messages",
        how="""
queue = libc.msgget(key, 0)
into = ctypes.create_string_buffer(200)
if queue >= 0 and libc.msgrcv(queue, into, 100, 0, 0o4000) > 0:
    print(into.raw[8:].rstrip(b'\\0').decode())
""",
        is_python=True,
        prepare=_queue,
        proof=leaked,
        without=(MESSAGES,),
        needs=(_no_queues,),
    ),
    Attempt(
        name="keyring",
        how=f"""
into = ctypes.create_string_buffer(200)
key = syscall({_KEYCTL[1]}, 10, -3, b'user', b'podd-escape', 0)
syscall({_KEYCTL[1]}, 11, key, into, 200)
print(into.value.decode())
""",
        is_python=True,
        planted=f"""
import ctypes
libc = ctypes.CDLL(None)
libc.syscall({_KEYCTL[1]}, 1, None)
libc.syscall({_KEYCTL[0]}, b'user', b'podd-escape', b'in the keyring', 14, -3)
""",
        proof=lambda world, output: "in the keyring" in output,
        without=(KEYRINGS,),
        needs=(_no_keys,),
    ),
    Attempt(
        name="descriptor-inherited",
        how="cat <&77",
        planted="""
import os
reading, writing = os.pipe()
os.write(writing, b"in the pipe")
os.close(writing)
os.dup2(reading, 77)
""",
        proof=lambda world, output: "in the pipe" in output,
        without=(DESCRIPTORS,),
    ),
    Attempt(
        name="daemon-that-outlives-its-command",
        how="(setsid setsid sleep 600.$token >/dev/null 2>&1 &); sleep 0.1",
        proof=_outlived,
        without=(PROCESSES, ENDING),
    ),
    Attempt(
        name="daemon-forked-twice",
        how="""
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp('sleep', ['sleep', f'600.{token}'])
    os._exit(0)
os.wait()
def said(n):
    try: return open(f'/proc/{n}/cmdline', 'rb').read()
    except OSError: return b''
ns = lambda: [n for n in os.listdir('/proc') if n.isdecimal() and int(n) > os.getpid()]
while b'600' not in b''.join(map(said, ns())): pass
""",
        is_python=True,
        proof=_outlived,
        without=(PROCESSES, ENDING),
    ),
    Attempt(
        name="terminal-written",
        how="echo $token > /dev/tty",
        prepare=_terminal,
        # Where the launcher has a terminal; each world has one of its own.
        planted_for=lambda world: (
            f"""
import fcntl, os, termios
fcntl.ioctl(os.open({world.facts["terminal"]!r}, os.O_RDWR), termios.TIOCSCTTY, 0)
"""
        ),
        proof=_typed,
        without=(SESSION,),
    ),
)
