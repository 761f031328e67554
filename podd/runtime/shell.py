"""How this pod comes to run commands, if its manifest and its machine let it.

The machine is asked once, and late: trying what works takes longer than to be ready.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from anyio.abc import TaskGroup

from podd.core.turn import inputs as i
from podd.manifest.schema import Manifest
from podd.paths import Places
from podd.runtime.effective_scope import EffectiveScope
from podd.runtime.log import Log

if TYPE_CHECKING:
    from podd.core.context.request import ToolSpec
    from podd.runtime.commands import SandboxedCommands
    from podd.runtime.confinement import Confinement
    from podd.runtime.interpreter import CodeInterpreter
    from podd.tools.output_store import OutputStore


def _nobody(fact: i.Input) -> object:
    raise AssertionError(f"nobody to tell {fact}")


class Shell(msgspec.Struct, kw_only=True):
    """Makes the tools' `Commands` when they are first needed."""

    manifest: Manifest
    places: Places
    scope: EffectiveScope
    outputs: Path
    older_outputs: tuple[Path, ...] = ()
    """Of the sessions that this one is a fork of: its results name files there."""
    environment: Mapping[str, str]
    life: int
    """Descriptor of the pod's life lock, for the launcher of its commands."""
    written: tuple[str, ...]
    """Where this pod, or one that lends to it, may write."""
    tasks: TaskGroup
    """For commands of the background."""
    log: Log
    tell: Callable[[i.Input], object] = _nobody
    """The driver's, once there is one."""
    found: Confinement | None = None
    """What holds commands here; None as long as nobody needed to know."""
    _commands: SandboxedCommands | None = None
    _interpreter: CodeInterpreter | None = None

    def confinement(self, allowed: tuple[str, ...] | None = None) -> Confinement | None:
        """Ask the machine what it can hold commands to, once and if it matters.

        Args:
            allowed: the tools that are to be allowed; None: those of the manifest.
        """
        from podd.runtime.confinement import Confinement, depends_on_machine

        manifest = self.manifest
        wanted = manifest.tools.allow if allowed is None else allowed
        if self.found is None and depends_on_machine(wanted, manifest.agent.driver):
            self.found = Confinement.of_machine(self.manifest)
        return self.found

    def commands(self, outputs: OutputStore) -> SandboxedCommands | None:
        """What runs them, made once; None where none may be run."""
        from podd.runtime.commands import SandboxedCommands
        from podd.runtime.confinement import sandbox_for

        confinement = self.confinement()
        if confinement is None or not confinement.runs_commands:
            return None
        if self._commands is None:
            self._commands = SandboxedCommands(
                sandbox=sandbox_for(
                    self.manifest,
                    confinement,
                    places=self.places,
                    outputs=self.outputs,
                    older_outputs=self.older_outputs,
                    environment=self.environment,
                    written=self.written,
                    life=self.life,
                ),
                scope=self.scope.now,
                workdir=self.manifest.pod.workdir,
                outputs=outputs,
                tell=self.tell,
                tasks=self.tasks,
                log=self.log,
            )
        return self._commands

    def interpreter(
        self,
        outputs: OutputStore,
        tools: Callable[[], Sequence[ToolSpec]],
        seconds: float | None,
    ) -> CodeInterpreter | None:
        """What runs a model's code, made once; None where no command may be run.

        Args:
            outputs: for what it prints.
            tools: what the code may call now.
            seconds: how long a block may take; None: the usual.
        """
        from podd.runtime.interpreter import DEFAULT_SECONDS, CodeInterpreter

        commands = self.commands(outputs)
        if commands is None:
            return None
        if self._interpreter is None:
            self._interpreter = CodeInterpreter(
                sandbox=commands.sandbox,
                scope=self.scope.now,
                tools=tools,
                outputs=outputs,
                seconds=DEFAULT_SECONDS if seconds is None else seconds,
            )
        return self._interpreter

    async def aclose(self) -> None:
        """End them all."""
        if self._interpreter is not None:
            await self._interpreter.aclose()
        if self._commands is not None:
            await self._commands.aclose()
