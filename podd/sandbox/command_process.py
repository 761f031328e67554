"""From a forked process to the program that was asked for.

Standard library alone. A program inherits no descriptor, no terminal, no ignored signal
and no more than its limits.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import resource
import signal

from podd.sandbox import kernel, landlock, seccomp

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing takes longer than all the rest here
    from typing import Any, NoReturn

#: Where a program that makes the namespaces tells who it has made, and is held back.
TOLD_DESCRIPTOR, HELD_DESCRIPTOR = 3, 4

#: Before it, files cannot be moved between directories under Landlock at all, which is
#: worse than being without the second wall.
_LANDLOCK_SINCE = landlock.MOVING_SINCE


class NotRunError(Exception):
    """A program could not be run; its fields are what is told about it."""

    def __init__(self, step: str, error: OSError, at: str) -> None:
        super().__init__(step)
        self.message = {
            "step": step,
            "reason": error.strerror or str(error),
            "errno": errno.errorcode.get(error.errno or 0, ""),
            "at": at,
        }


def spawn(request: dict[str, Any], bubblewrap: tuple[int, ...] = ()) -> int:
    """Run the program in a process of its own, and return its pid.

    What it is held to has to hold for its keeper too: so nothing is done between a
    fork and the program, which is many times faster.

    Args:
        request: the command, as the pod has sent it; the namespaces are there.
        bubblewrap: where `bwrap` tells of its child, and reads when to go on; closed
            here.

    Raises:
        NotRunError: the program cannot be run.
    """
    wanted = (TOLD_DESCRIPTOR, HELD_DESCRIPTOR)
    actions = [
        (os.POSIX_SPAWN_DUP2, _above(ours), its)
        for ours, its in zip(bubblewrap, wanted, strict=False)
    ]
    _prepare(request)
    try:
        return _spawn_first(request, actions)
    finally:
        for _, descriptor, _ in actions:
            os.close(descriptor)


def _spawn_first(request: dict[str, Any], actions: list[tuple[int, int, int]]) -> int:
    failure: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for path in _places(request):
        try:
            return os.posix_spawn(
                path,
                request["argv"],
                request["environment"],
                file_actions=actions,
                setsid=True,
                setsigmask=(),
                # Whatever Python, the pod or its caller ignores.
                setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
            )
        except FileNotFoundError:
            continue
        except OSError as error:
            failure = error
    raise NotRunError("running the program", failure, request["argv"][0])


def become_command(request: dict[str, Any], failing: int) -> NoReturn:
    """Run the program; for a process that was just forked, without namespaces.

    Its keeper is not held to anything, and out of its reach.
    """
    try:
        os.setsid()
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            with contextlib.suppress(OSError):  # the C library keeps some to itself
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        _prepare(request)
        _become_first(request)
    except NotRunError as error:
        os.write(failing, json.dumps(error.message).encode())
    os._exit(127)


def _become_first(request: dict[str, Any]) -> NoReturn:
    failure: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for path in _places(request):
        try:
            os.execve(path, request["argv"], request["environment"])  # noqa: S606  # it is what was asked for
        except FileNotFoundError:
            continue
        except OSError as error:
            failure = error
    raise NotRunError("running the program", failure, request["argv"][0])


def _prepare(request: dict[str, Any]) -> None:
    """Hold ourselves, and what we run, to what the command may do."""
    step, at = "limiting it", ""
    try:
        _limit(request["limits"])
        if request["means"] == "bubblewrap":
            return  # which does the rest
        step, at = "entering its directory", request["cwd"]
        os.chdir(request["cwd"])
        step, at = "giving up rights", ""
        if request["means"] == "namespaces":
            _add_landlock(request["plan"]["writable"])
        elif request["means"] == "landlock":
            _confine_by_landlock(request)
    except OSError as error:
        named = os.fsdecode(error.filename) if error.filename else ""
        raise NotRunError(step, error, at or named) from error


def _places(request: dict[str, Any]) -> list[str]:
    """Where the program may lie, as a shell would look for it."""
    name = request["argv"][0]
    if "/" in name or request["means"] == "bubblewrap":
        return [name]
    return [
        f"{directory}/{name}"
        for directory in request["environment"]["PATH"].split(":")
        if directory.startswith("/")
    ]


def _above(descriptor: int) -> int:
    """Move a descriptor out of the way of those that a program is given by number."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, HELD_DESCRIPTOR + 1)
    os.close(descriptor)
    return moved


def _limit(limits: dict[str, Any]) -> None:
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, limits["processes"]),
        # Not the address space: many programs reserve far more than they use.
        (resource.RLIMIT_DATA, limits["memory_bytes"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
    ):
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)  # noqa: PLW2901  # no more than we have
        resource.setrlimit(kind, (most, most))


def _add_landlock(writable: list[str]) -> None:
    """Stand behind the mounts, where that costs nothing."""
    if landlock.abi() < _LANDLOCK_SINCE:
        return
    write = [path for path in writable if os.path.lexists(path)]
    landlock.restrict(write=[*write, "/dev"], read=(), execute=["/"], scoped=True)


def _confine_by_landlock(request: dict[str, Any]) -> None:
    grants = request["grants"]
    landlock.restrict(
        write=grants["write"],
        read=(),
        execute=grants["execute"],
        read_only=grants["read_only"],
        hidden=grants["hidden"],
        scoped=True,
    )
    if os.geteuid() == 0:
        kernel.drop_capabilities()
    kernel.forgo_new_privileges()
    seccomp.install_filter(
        network=request["network"] == "allow",
        truncation=landlock.abi() < landlock.TRUNCATION_SINCE,
    )
