"""One pod's launcher: it starts the commands, and it alone knows when they are over.

Run as `python -I -S`, with the standard library alone and one thread, so it can fork at
any time. It gets its requests over the socket at descriptor 0 (channel.py); arguments:
a copy of the pod's life lock (-1: none).

Rules of this file. The life lock is let go by our end alone, and that comes after the
last command has been reaped with all it had started. No command has a copy: who has
one can unlock it. Each command stands in the life file before it runs. When the pod's
end of the socket closes, however it came to that, everything is ended.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import time

from podd.sandbox import kernel, namespaces
from podd.sandbox.channel import Channel
from podd.sandbox.keeper import close_all_but, descendants, keep
from podd.sandbox.placeholders import Placeholders
from podd.sandbox.running import Command

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing takes longer than all the rest here
    from typing import Any

#: Field 22 of /proc/PID/stat, counted from the state (field 3), proc(5).
_START_TIME = 22 - 3

_NAMESPACE_FLAGS = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC


def main() -> None:
    """Serve until the pod goes away."""
    life = int(sys.argv[1])
    # Whoever ends a pod with its process group does not mean us: we have to reap.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    # Not as descriptor 0: a command's process puts nothing there.
    own = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    close_all_but(*(number for number in (life, own) if number > 2))  # noqa: PLR2004  # above stderr
    if life >= 0:
        os.set_inheritable(life, False)  # noqa: FBT003  # takes no names
    kernel.become_subreaper()
    # A fork copies what is touched, and the collector touches everything.
    gc.disable()
    gc.freeze()
    Launcher(Channel(socket.socket(fileno=own)), life).serve()


class Launcher:
    """The commands of one pod."""

    def __init__(self, channel: Channel, life: int) -> None:
        self._channel = channel
        self._life = life
        self._proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._pid_namespace = os.stat("self/ns/pid", dir_fd=self._proc).st_ino
        self._running: dict[int, Command] = {}
        self._placeholders = Placeholders("/")
        wakeup, woken = os.pipe()
        os.set_blocking(wakeup, False)
        os.set_blocking(woken, False)
        self._wakeup = wakeup
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Do what comes, until nothing can come any more and all is over."""
        is_open = True
        while is_open or self._running:
            ready = self._ready(is_open=is_open)
            if self._wakeup in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wakeup, 4096)
            for command in list(self._running.values()):
                if command.status in ready:
                    self._hear(command)
            self._reap()
            if is_open and self._channel.connection.fileno() in ready:
                is_open = self._receive()
                if not is_open:
                    self._stop_all()
            self._press()

    def _ready(self, *, is_open: bool) -> set[int]:
        """Wait until there is something to do; the descriptors that say so."""
        poll = select.poll()
        poll.register(self._wakeup, select.POLLIN)
        if is_open:
            poll.register(self._channel.connection, select.POLLIN)
        for command in self._running.values():
            if command.status >= 0:
                poll.register(command.status, select.POLLIN)
        return {descriptor for descriptor, _ in poll.poll(self._wait())}

    def _receive(self) -> bool:
        """Take what has come; whether the pod is still there."""
        while True:
            try:
                received = self._channel.receive()
            except ConnectionError:
                return False
            if received is None:
                return False
            message, descriptors = received
            if "settle" in message:
                self._settle(message["settle"])
            elif "start" in message:
                self._start(message["start"], *descriptors)
            else:
                self._stop(message["stop"], now=message["now"])
            if not self._channel.has_more:
                return True

    def _settle(self, settings: dict[str, Any]) -> None:
        """Write ourselves down, and take the namespaces."""
        try:
            self._write_down("launcher", os.getpid())
            if settings["means"] == "namespaces":
                namespaces.enter(settings["temporary_bytes"])
                self._placeholders = Placeholders(namespaces.OLD)
        except OSError as error:
            where = "" if error.filename is None else f" ({error.filename})"
            self._channel.send(
                json.dumps({"failed": f"{error.strerror}{where}"}).encode()
            )
        else:
            self._channel.send(b'{"ready": true}')

    def _start(
        self, request: dict[str, Any], output: int, report: int, source: int = -1
    ) -> None:
        command = Command(request, report)
        plan = request["plan"]
        try:
            if request["means"] in {"namespaces", "bubblewrap"}:
                mounted = tuple(mount["path"] for mount in plan["mounts"])
                self._placeholders.make(command.id, plan["placeholders"], mounted)
            pid, command.status, command.control = self._fork(request, output, source)
        except OSError as error:
            self._placeholders.release(command.id)
            command.fail("making room for it", error)
            return
        finally:
            os.close(output)
            if source >= 0:
                os.close(source)
        command.pid = pid
        self._running[pid] = command
        try:
            self._write_down("command", pid)
        except OSError as error:
            # It must not run unlisted: it would outlive its scope.
            command.fail("writing it down", error)
            os.kill(pid, signal.SIGKILL)
            return
        command.tell_keeper(b"g")
        if (seconds := request["timeout_seconds"]) is not None:
            command.deadline = time.monotonic() + seconds

    def _fork(
        self, request: dict[str, Any], output: int, source: int
    ) -> tuple[int, int, int]:
        """Fork a keeper, which waits; its pid, and the pipes from and to it."""
        flags = 0
        if request["means"] == "namespaces":
            network = request["plan"]["network"] == "deny"
            flags = _NAMESPACE_FLAGS | network * kernel.CLONE_NEWNET
        pipes = (*os.pipe(), *os.pipe())
        status, keepers_status, keepers_control, control = pipes
        try:
            pid = kernel.fork(flags)
        except OSError:
            for descriptor in pipes:
                os.close(descriptor)
            raise
        if pid == 0:
            signal.set_wakeup_fd(-1)
            keep(request, (source, output), keepers_control, keepers_status)
        os.close(keepers_status)
        os.close(keepers_control)
        return pid, status, control

    def _stop_all(self) -> None:
        for command in self._running.values():
            command.end("stopped", grace=0)

    def _stop(self, command_id: str, *, now: bool) -> None:
        for command in self._running.values():
            if command.id == command_id:
                command.end("stopped", grace=0 if now else command.grace)

    def _hear(self, command: Command) -> None:
        """Take what its keeper tells."""
        for message in command.hear():
            if "pid" in message:
                self._write_down("command", message["pid"])
                command.tell_keeper(b"h")
            elif "running" in message:
                command.report(
                    started={"sees_all_processes": message["sees_all_processes"]}
                )
            elif "failed" in message:
                command.report(failed=message["failed"])
            else:
                command.outcome = message

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if (command := self._running.get(pid)) is not None:
                self._finish(command, status)

    def _finish(self, command: Command, status: int) -> None:
        """Its keeper is dead; in a pid namespace so is all that it had started."""
        self._hear(command)
        if not command.is_in_namespace:
            self._end_strays()
        del self._running[command.pid]
        self._placeholders.release(command.id)
        command.report_end(status)
        command.close()

    def _end_strays(self) -> None:
        """End what a keeper that was killed has left to us."""
        while True:
            keepers = set(self._running)
            kept = {pid for keeper in keepers for pid in descendants(keeper)}
            strays = set(descendants(os.getpid())) - kept - keepers
            if not strays:
                return
            for pid in strays:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            for pid in strays:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            select.poll().poll(1)

    def _wait(self) -> float | None:
        """Milliseconds until somebody's time is up; None: nobody's."""
        times = [
            due
            for command in self._running.values()
            if (due := command.due) is not None
        ]
        return max(0.0, min(times) - time.monotonic()) * 1000 + 1 if times else None

    def _press(self) -> None:
        now = time.monotonic()
        for command in self._running.values():
            command.press(now)

    def _write_down(self, role: str, pid: int) -> None:
        """Add a line to the life file, in one write."""
        if self._life < 0:
            return
        file = os.open(f"{pid}/stat", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._proc)
        try:
            start = (
                os.read(file, 4096).rpartition(b")")[2].split()[_START_TIME].decode()
            )
        finally:
            os.close(file)
        line = f"{role} {pid} {start} {self._pid_namespace}\n"
        os.write(self._life, line.encode("ascii"))


if __name__ == "__main__":
    main()
