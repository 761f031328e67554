"""The process between a launcher and one command, from its fork to the command's end.

Standard library alone. Where there are namespaces it is the command's pid 1: its end is
the end of all that the command has started, and the kernel sees to that. Where there
are none it is the subreaper, and ends them itself.

What it is told comes as single bytes: `g` go, `h` the life file knows your pid 1, `t`
ask the command to end, `k` end everything. The end of that pipe means that there is no
launcher any more.

What it tells, a line of JSON each: `{"pid": n}`, `{"running": true}`, or
`{"failed": ...}`; and at the end `{"status": wait status, "leftovers": n}`.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import select
import signal

from podd.sandbox import kernel
from podd.sandbox.command_process import NotRunError, become_command, spawn
from podd.sandbox.namespaces import OLD, Root, bring_up_loopback, write_text

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing takes longer than all the rest here
    from typing import Any, NoReturn

#: Between two looks for what is still alive, where no pid namespace does it for us.
_LOOK_MILLISECONDS = 10
_MOST_DESCRIPTORS = 1 << 20

#: The version from which the greatest pid is a matter of each namespace; numbers up to
#: the second are given once only (RESERVED_PIDS of the kernel).
_PID_LIMIT_SINCE = (6, 14)
_RESERVED_PIDS = 300

#: The kernel, when it is out of memory, is to end a command and not a pod.
_OOM_SCORE = "500"


def keep(
    request: dict[str, Any], streams: tuple[int, int], control: int, status: int
) -> NoReturn:
    """Be the keeper of one command; for a process that was just forked.

    Args:
        request: the command, as the pod has sent it.
        streams: where its input comes from (-1: nowhere), and where its output goes.
        control: from the launcher.
        status: to the launcher.
    """
    keeper = _Keeper(request, control, status)
    try:
        _hold_only(streams, control, status)
        keeper.run()
    except BaseException as error:  # noqa: BLE001  # whoever asked is told, whatever it is
        keeper.tell_failure(error)
    finally:
        os._exit(0)


class _Keeper:
    def __init__(self, request: dict[str, Any], control: int, status: int) -> None:
        self._request = request
        self._control = control
        self._status = status
        self._command = 0
        self._is_first = os.getpid() == 1
        self._sees_all = False
        self._step = "starting"

    def run(self) -> None:
        """See the command through."""
        if self._told() != b"g":
            return
        if self._is_first:
            # Its end of our pipe says the same, to a keeper that can still hear.
            kernel.die_with_parent(signal.SIGKILL)
        wakeup, self._woken = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(wakeup, False)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._confine()
        self._start()
        self._watch(wakeup)

    def tell(self, **message: object) -> None:
        """Send a line to the launcher, if there is one."""
        with contextlib.suppress(OSError):
            os.write(self._status, json.dumps(message).encode() + b"\n")

    def tell_failure(self, error: BaseException) -> None:
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            name = errno.errorcode.get(error.errno or 0, "")
            at = "" if error.filename is None else os.fsdecode(str(error.filename))
        else:
            reason, name, at = f"{type(error).__name__}: {error}", "", ""
        self.tell(
            failed={"step": self._step, "reason": reason, "errno": name, "at": at}
        )

    def _confine(self) -> None:
        """Build what the command sees, and give up the means to change it."""
        if self._request["means"] != "namespaces":
            kernel.become_subreaper()
            with contextlib.suppress(OSError):
                write_text("/proc/self/oom_score_adj", _OOM_SCORE)
            return
        self._step = "building what it may see"
        umask = os.umask(0o022)
        _limit_processes(self._request["limits"]["processes"])
        with contextlib.suppress(OSError):
            write_text(f"{OLD}/proc/self/oom_score_adj", _OOM_SCORE)
        root = Root()
        root.build(self._request["plan"]["mounts"])
        root.enter()
        os.umask(umask)
        self._sees_all = root.sees_all_processes
        if self._request["plan"]["network"] == "deny":
            bring_up_loopback()
        self._step = "giving up privileges"
        kernel.drop_capabilities()
        kernel.forgo_new_privileges()
        # A command could else make us tell what is not so.
        kernel.hide_memory()

    def _start(self) -> None:
        try:
            if self._is_first:
                self._command = spawn(self._request)
            elif self._request["means"] == "bubblewrap":
                self._spawn_bubblewrap()
            else:
                self._command = self._fork()
        except NotRunError as error:
            self.tell(failed=error.message)
            os._exit(0)
        self.tell(running=True, sees_all_processes=self._sees_all)

    def _spawn_bubblewrap(self) -> None:
        """Start it, and have the pid 1 that it makes written down before that runs."""
        told, telling = os.pipe()
        held, holding = os.pipe()
        self._command = spawn(self._request, (telling, held))
        with open(told, "rb") as pipe:  # noqa: PTH123  # a descriptor
            line = pipe.read()
        if line:  # else it has failed, and says so in its output
            self.tell(pid=json.loads(line)["child-pid"])
            if self._told() != b"h":
                # Before the pipe is closed: it would take that for leave to go on.
                self._end_all()
                os._exit(0)
        os.write(holding, b"g")
        os.close(holding)

    def _fork(self) -> int:
        """Fork the command, which is told by its pipe's end that it runs."""
        failed, failing = os.pipe()
        pid = os.fork()
        if pid == 0:
            close_all_but(failing)
            become_command(self._request, failing)
        os.close(failing)
        with open(failed, "rb") as pipe:  # noqa: PTH123  # a descriptor
            failure = pipe.read()
        if failure:
            self.tell(failed=json.loads(failure))
            os._exit(0)
        return pid

    def _watch(self, wakeup: int) -> None:
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(wakeup, select.POLLIN)
        while True:
            status = self._reap()
            if status is not None:
                leftovers = self._leftovers()
                if not self._is_first:
                    self._end_all()
                self.tell(status=status, leftovers=leftovers)
                return
            for descriptor, _ in poll.poll():
                if descriptor == wakeup:
                    with contextlib.suppress(BlockingIOError):
                        os.read(wakeup, 4096)
                elif not self._obey():
                    return

    def _obey(self) -> bool:
        """Do as we are told; whether to go on."""
        word = self._told()
        if word == b"t":
            for number in (signal.SIGTERM, signal.SIGCONT):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._command, number)
            return True
        if not self._is_first:
            self._end_all()
        return False

    def _reap(self) -> int | None:
        """Take all that has ended; the command's wait status if it is among them."""
        found = None
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return found
            if pid == 0:
                return found
            if pid == self._command:
                found = status

    def _leftovers(self) -> int:
        """How many processes the command leaves behind."""
        if self._is_first:
            if self._sees_all:
                return 0
            names = os.listdir("/proc")  # noqa: PTH208  # no pathlib in the launcher
            return sum(name.isdecimal() for name in names) - 1
        if self._request["means"] == "bubblewrap":
            return 0  # its own are among them
        return len(descendants(os.getpid()))

    def _end_all(self) -> None:
        """End everything below us; what is orphaned meanwhile becomes our child."""
        poll = select.poll()
        while True:
            for pid in descendants(os.getpid()):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                return
            poll.poll(_LOOK_MILLISECONDS)

    def _told(self) -> bytes:
        return os.read(self._control, 1)


def descendants(ancestor: int) -> list[int]:
    """Return the pids of all that live below `ancestor`; zombies are dead."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208  # no pathlib in the launcher
        if name.isdecimal():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123  # as above
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue
            # A zombie has no children; they have gone to a reaper.
            if fields[0] not in {b"Z", b"X"}:
                children.setdefault(int(fields[1]), []).append(int(name))
    found: list[int] = []
    waiting = [ancestor]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _hold_only(streams: tuple[int, int], *kept: int) -> None:
    """Close what the launcher holds; above all other commands' pipes, and its own.

    Descriptor 0 is /dev/null since the launcher's start.
    """
    source, output = streams
    if source >= 0:
        os.dup2(source, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    close_all_but(*kept)


def close_all_but(*kept: int) -> None:
    """Close every descriptor above 2 but these."""
    low = 3
    for descriptor in sorted(kept):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, _MOST_DESCRIPTORS)


def _limit_processes(most: int) -> None:
    """Bound the pids of this pid namespace, where each has a bound of its own.

    Before Linux 6.14 there is one for the whole machine, and root would set that.
    RLIMIT_NPROC, which holds elsewhere, does not hold for root.
    """
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if release is None or tuple(map(int, release.groups())) < _PID_LIMIT_SINCE:
        return
    with contextlib.suppress(OSError):
        write_text(f"{OLD}/proc/sys/kernel/pid_max", str(most + _RESERVED_PIDS))
