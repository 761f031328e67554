"""How this pod comes to run commands, if its manifest and its machine let it.

The machine is asked once, and late: trying what works takes longer than to be ready.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    from podd.runtime.commands import SandboxedCommands
    from podd.runtime.confinement import Confinement
    from podd.tools.output_store import OutputStore


def _nobody(fact: i.Input) -> object:
    raise AssertionError(f"nobody to tell {fact}")


class Shell(msgspec.Struct, kw_only=True):
    """Makes the tools' `Commands` when they are first needed."""

    manifest: Manifest
    places: Places
    scope: EffectiveScope
    outputs: Path
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

    def confinement(self) -> Confinement | None:
        """Ask the machine what it can hold commands to, once and if it matters."""
        from podd.runtime.confinement import Confinement, depends_on_machine

        if self.found is None and depends_on_machine(self.manifest.tools.allow):
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

    async def aclose(self) -> None:
        """End them all."""
        if self._commands is not None:
            await self._commands.aclose()
