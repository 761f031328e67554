"""Runs the commands of one pod, so that the kernel holds them to the pod's scope."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
import msgspec

from podd.errors import CommandNotStartedError
from podd.paths import private_directory
from podd.sandbox import bubblewrap
from podd.sandbox.command import CommandRequest
from podd.sandbox.command_process import HELD_DESCRIPTOR, TOLD_DESCRIPTOR
from podd.sandbox.environment import command_environment
from podd.sandbox.grants import grants_of
from podd.sandbox.launching import LauncherProcess
from podd.sandbox.plan import Plan
from podd.sandbox.planning import make_plan
from podd.sandbox.running_command import RunningCommand
from podd.sandbox.settings import CommandLimits, Means, SandboxSettings
from podd.sandbox.survey import Survey

_SHELLS: Final = ("/bin/bash", "/usr/bin/bash", "/bin/sh")
_SHARE_OF_MEMORY: Final = 0.75


class Sandbox:
    """Made once a pod. Its launcher is started by the first command.

    Where that dies, so do its commands, and the next command starts another.
    """

    def __init__(
        self,
        *,
        means: Means | None,
        settings: SandboxSettings,
        environment: Mapping[str, str],
        private: Path,
        life: int | None,
    ) -> None:
        """Start nothing yet.

        Args:
            means: what this machine offers (`podd.sandbox.probe`); None: commands run
                with no confinement at all, which is for the modes that allow it.
            settings: of the pod.
            environment: of the pod; commands get a part of it.
            private: a directory that is ours to make and remove, for what has to be
                private where it cannot lie in memory.
            life: the descriptor of the pod's life lock. The launcher has a copy of it
                until nothing that could write under the scope lives any more.
        """
        self._means = means
        self._settings = msgspec.structs.replace(
            settings, limits=_complete(settings.limits)
        )
        self._environment = environment
        self._private = private
        self._life = life
        self._survey = Survey(settings, environment)
        self._launcher: LauncherProcess | None = None
        self._starting = anyio.Lock()
        self._running: set[RunningCommand] = set()

    async def start(self, request: CommandRequest) -> RunningCommand:
        """Run a command; returns when it runs.

        The caller reads `chunks`, and closes it in the end.

        Raises:
            OutsideScopeError: the directory it is to start in is not to be seen.
            CommandNotStartedError: the machine would not do what the scope asks for,
                or there is no such program.
        """
        _check(request)
        given = () if request.input is None else (request.input,)
        output, their_output = os.pipe2(os.O_CLOEXEC)
        report, their_report = os.pipe2(os.O_CLOEXEC)
        try:
            async with self._starting:
                # Not abandoned on cancel: what was sent has to be waited for.
                launcher = await anyio.to_thread.run_sync(
                    self._send_start, request, (their_output, their_report, *given)
                )
        except BaseException:
            os.close(output)
            os.close(report)
            raise
        finally:
            os.close(their_output)
            os.close(their_report)

        async def stop(now: bool) -> None:  # noqa: FBT001  # as RunningCommand wants it
            message = {"stop": request.id, "now": now}
            with contextlib.suppress(OSError):
                await anyio.to_thread.run_sync(launcher.send, message)

        command = RunningCommand(output=output, report=report, stop=stop)
        try:
            await command.running()
        except BaseException:
            await command.aclose()
            raise
        return command

    async def aclose(self) -> None:
        """End every command and the launcher, and wait until they are gone."""
        with anyio.CancelScope(shield=True):
            async with self._starting:
                launcher, self._launcher = self._launcher, None
                if launcher is not None:
                    await anyio.to_thread.run_sync(launcher.end)
                await anyio.to_thread.run_sync(self._remove_private)

    def _send_start(
        self, request: CommandRequest, descriptors: tuple[int, ...]
    ) -> LauncherProcess:
        message = {"start": self._message(request)}
        launcher = self._launch()
        try:
            launcher.send(message, descriptors)
        except OSError:
            # It has died since it was looked at.
            launcher.end()
            launcher = self._launch()
            launcher.send(message, descriptors)
        return launcher

    def _launch(self) -> LauncherProcess:
        if self._launcher is not None and self._launcher.is_alive:
            return self._launcher
        if self._launcher is not None:
            self._launcher.end()
            self._launcher = None
        self._launcher = LauncherProcess(
            life=self._life,
            settle={
                "means": self._means,
                "temporary_bytes": self._settings.limits.temporary_bytes,
            },
        )
        return self._launcher

    def _message(self, request: CommandRequest) -> dict[str, Any]:
        facts = self._survey.look(request.scope, request.cwd)
        plan = make_plan(request.scope, self._settings, facts, request.cwd)
        home, temporary = self._places(plan)
        command = request.command
        argv = [_shell(), "-c", command] if isinstance(command, str) else [*command]
        if self._means == "bubblewrap":
            argv = self._through_bubblewrap(plan, argv)
        grants = None
        if self._means == "landlock":
            grants = grants_of(plan, private=(home, temporary))
        return {
            "id": request.id,
            "means": self._means,
            "argv": argv,
            "cwd": request.cwd,
            "environment": command_environment(
                self._environment,
                named=self._settings.environment,
                home=home,
                temporary=temporary,
            ),
            "has_input": request.input is not None,
            "plan": plan,
            "grants": grants,
            "network": self._settings.network,
            "limits": self._settings.limits,
            "timeout_seconds": request.timeout_seconds,
            "grace_seconds": request.grace_seconds,
        }

    def _places(self, plan: Plan) -> tuple[str, str]:
        """HOME and TMPDIR, which lie on the disk where nothing can be mounted."""
        if self._means in {"namespaces", "bubblewrap"}:
            return plan.home, plan.temporary
        private_directory(self._private)
        home, temporary = (
            str(private_directory(self._private / name)) for name in ("home", "tmp")
        )
        return home, temporary

    def _through_bubblewrap(self, plan: Plan, argv: list[str]) -> list[str]:
        program = bubblewrap.find()
        if program is None:
            raise CommandNotStartedError(
                reason="bubblewrap is no longer installed",
                hint="podctl doctor says what works on this machine",
            )
        return bubblewrap.argv(
            plan,
            argv,
            program=program,
            temporary_bytes=self._settings.limits.temporary_bytes,
            told=TOLD_DESCRIPTOR,
            held=HELD_DESCRIPTOR,
        )

    def _remove_private(self) -> None:
        shutil.rmtree(self._private, ignore_errors=True)


def _complete(limits: CommandLimits) -> CommandLimits:
    if limits.memory_bytes is not None:
        return limits
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return msgspec.structs.replace(limits, memory_bytes=int(machine * _SHARE_OF_MEMORY))


def _shell() -> str:
    return next((path for path in _SHELLS if os.access(path, os.X_OK)), _SHELLS[-1])


def _check(request: CommandRequest) -> None:
    """Refuse what no program can be given."""
    words = request.command
    for word in (words,) if isinstance(words, str) else words:
        if "\0" in word:
            raise CommandNotStartedError(
                reason="its text holds a zero byte, which no program can be given",
                hint="write such bytes with printf '\\\\0'",
            )
        try:
            word.encode()
        except UnicodeEncodeError as error:
            raise CommandNotStartedError(
                reason=f"its text is no valid Unicode ({error.reason})",
            ) from error
    if not words:
        raise CommandNotStartedError(reason="there is no command")
