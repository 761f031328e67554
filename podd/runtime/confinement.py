"""What holds a pod's commands to its scope, and which tools it is offered for that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from podd.core.scope.rules import Mode
from podd.manifest.schema import Manifest
from podd.paths import Places
from podd.runtime.interpreter_process import toolchain
from podd.sandbox.probe import Report, probe
from podd.sandbox.sandbox import Sandbox
from podd.sandbox.settings import CommandLimits, Network, SandboxSettings
from podd_protocol.values import DriverName

#: What is of no use where no command may be run.
_COMMANDS = frozenset({"bash", "stop_command"})


class Confinement(msgspec.Struct, frozen=True, kw_only=True):
    """What this machine can hold a command to, and what the mode makes of it."""

    report: Report
    mode: Mode
    network: Network

    @classmethod
    def of_machine(cls, manifest: Manifest) -> Confinement:
        """Ask the machine; blocks for a few hundredths of a second."""
        return cls(
            report=probe(), mode=manifest.scope.mode, network=manifest.sandbox.network
        )

    @property
    def holds_commands(self) -> bool:
        """Whether all that the manifest wants of a command is enforced here."""
        if self.report.means is None:
            return False
        return self.network == "allow" or self.report.feature("network").works

    @property
    def runs_commands(self) -> bool:
        """In `enforce` only what is held is run."""
        return self.holds_commands or self.mode != "enforce"


def offered(
    allowed: tuple[str, ...], *, has_parent: bool, confinement: Confinement | None
) -> tuple[str, ...]:
    """Which of the allowed tools work here.

    Args:
        allowed: by the manifest.
        has_parent: another pod lends to this one.
        confinement: of this machine; None: nobody asked, as no tool depends on it.
    """
    useless: set[str] = set()
    if not has_parent:
        useless.add("ask_parent")
    if confinement is not None and not confinement.runs_commands:
        useless |= _COMMANDS
    return tuple(name for name in allowed if name not in useless)


def depends_on_machine(allowed: tuple[str, ...], driver: DriverName) -> bool:
    """Whether the driver, or any of these tools, runs commands."""
    return driver == "code" or not _COMMANDS.isdisjoint(allowed)


def sandbox_for(  # what a sandbox needs, each from somewhere else
    manifest: Manifest,
    confinement: Confinement,
    *,
    places: Places,
    outputs: Path,
    older_outputs: tuple[Path, ...],
    environment: Mapping[str, str],
    written: tuple[str, ...],
    life: int,
) -> Sandbox:
    """The sandbox of this pod; nothing is started yet."""
    section = manifest.sandbox
    return Sandbox(
        means=confinement.report.means,
        settings=SandboxSettings(
            read=(*section.read, *_toolchain_for(manifest.agent.driver)),
            network=section.network,
            environment=section.environment,
            hidden=(
                str(places.runtime),
                str(places.state),
                str(places.configuration),
            ),
            shown=tuple(map(str, (outputs, *older_outputs))),
            written=written,
            limits=CommandLimits(
                processes=section.processes,
                memory_bytes=section.memory_bytes,
                file_bytes=section.file_bytes,
                temporary_bytes=section.temporary_bytes,
            ),
        ),
        environment=environment,
        private=outputs.parent / "private",
        life=life,
    )


def _toolchain_for(driver: DriverName) -> tuple[str, ...]:
    """What the driver's own commands need to be readable."""
    return toolchain() if driver == "code" else ()
