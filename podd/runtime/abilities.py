"""What a pod can do: its model, its tools, its words. Imported when first needed.

Importing these rooms is most of what starting a pod would cost, and nothing of it is
needed to answer a client. So they are loaded in a worker thread while the socket is
served already.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import msgspec

from podd.core.context.request import Sampling, Surface
from podd.manifest.resolved import Resolved
from podd.manifest.schema import Manifest
from podd.paths import Places
from podd.runtime.children.family import Family
from podd.runtime.clock import Clock
from podd.runtime.effective_scope import EffectiveScope
from podd.runtime.ports import Model, Tools
from podd.runtime.redaction import Redaction
from podd.runtime.shell import Shell

if TYPE_CHECKING:
    from podd.runtime.tool_runner import ToolRunner
    from podd.tools.ports import Pods


class Abilities(msgspec.Struct, kw_only=True):
    """Makes each thing once, on demand."""

    resolved: Resolved
    places: Places
    clock: Clock
    scope: EffectiveScope
    outputs: Path
    verify_lease: Callable[[], None]
    put_blob: Callable[[bytes], str]
    has_parent: bool = False
    shell: Shell | None = None
    """What commands run in; None: this pod has no use for any."""
    family: Family | None = None
    """Set when the pod is joined: it needs what is made from these abilities."""
    environment: Mapping[str, str] = msgspec.field(default_factory=lambda: os.environ)
    _model: Model | None = None
    _tools: Tools | None = None
    _loading: anyio.Lock = msgspec.field(default_factory=anyio.Lock)

    async def model(self) -> Model:
        """The provider that the manifest names.

        Raises:
            PoddError: its key or its script is not there any more.
        """
        async with self._loading:
            if self._model is None:
                self._model = await anyio.to_thread.run_sync(self._make_model)
            return self._model

    async def tools(self) -> Tools:
        """What runs tool calls."""
        async with self._loading:
            if self._tools is None:
                await anyio.to_thread.run_sync(_import_tools)
                family = self.family
                pods = None if family is None else family.pods()
                made = await anyio.to_thread.run_sync(self._make_tools, pods)
                # In the loop, where the state is: what was lent by an earlier process
                # of this session is lent still.
                self.scope.follow(made.files.rescope)
                if family is not None:
                    shell = self.shell
                    commands = None if shell is None else shell.commands(made.outputs)
                    family.writers(made.files, commands)
                self._tools = made
            return self._tools

    async def surface(self) -> Surface:
        """Render what the model is to see.

        Raises:
            ManifestError: a text of the user's is missing or broken.
        """
        return await anyio.to_thread.run_sync(self._render_surface)

    async def aclose(self) -> None:
        """End commands and let go of connections."""
        if self.shell is not None:
            await self.shell.aclose()
        if self._model is not None:
            await self._model.aclose()

    def _make_model(self) -> Model:
        from podd.launch.model import model_settings
        from podd.providers.ports import Ports
        from podd.providers.registry import build

        clock = self.clock
        return build(
            model_settings(self.resolved.manifest.model),
            environment=self.environment,
            ports=Ports(
                wait=clock.wait,
                monotonic=clock.monotonic,
                wall=clock.wall,
                random=clock.random,
            ),
        )

    def _make_tools(self, pods: Pods | None) -> ToolRunner:
        from podd.runtime.tool_runner import ToolRunner
        from podd.tools.output_store import OutputStore
        from podd.tools.read_tracker import ReadTracker
        from podd.tools.scoped_files import ScopedFiles

        manifest = self.resolved.manifest
        redaction = self._redaction()
        outputs = OutputStore(
            directory=str(self.outputs),
            limits=_per_tool(manifest, "output_bytes"),
            default_bytes=manifest.tools.output_bytes,
            redact=redaction.text,
        )
        return ToolRunner(
            put_blob=lambda content: self.put_blob(redaction.content(content)),
            redaction=redaction,
            files=ScopedFiles(
                self.scope.whole,
                manifest.pod.workdir,
                verify_lease=self.verify_lease,
                also_readable=[str(self.outputs)],
            ),
            workdir=manifest.pod.workdir,
            reads=ReadTracker(),
            outputs=outputs,
            timeouts=_per_tool(manifest, "timeout_seconds"),
            commands=None if self.shell is None else self.shell.commands(outputs),
            pods=pods,
        )

    def _redaction(self) -> Redaction:
        from podd.launch.model import model_settings
        from podd.providers.registry import secrets

        settings = model_settings(self.resolved.manifest.model)
        return Redaction(secrets(settings, self.environment))

    def _render_surface(self) -> Surface:
        from podd.prompts.catalogue import Catalogue
        from podd.prompts.system import Subject, render_system
        from podd.runtime.confinement import offered
        from podd.tools.catalog import specs

        manifest = self.resolved.manifest
        project = self.resolved.project_prompts
        tools = specs(
            offered(
                manifest.tools.allow,
                has_parent=self.has_parent,
                confinement=None if self.shell is None else self.shell.confinement(),
            )
        )
        system = render_system(
            Subject(
                pod=manifest.pod.name,
                workdir=manifest.pod.workdir,
                scope=self.scope.whole,
                instruction=manifest.agent.instruction,
                tools=[tool.name for tool in tools],
                date=self.clock.now()[:10],
                task_instruction=self.resolved.task_instruction,
            ),
            Catalogue(
                user=self.places.prompts,
                project=None if project is None else Path(project),
            ),
        )
        reasoning = manifest.model.reasoning
        return Surface(
            model=manifest.model.name,
            system=system,
            tools=tools,
            sampling=Sampling(
                max_output_tokens=manifest.model.max_output_tokens,
                temperature=manifest.model.temperature,
                effort=None if reasoning is None else reasoning.effort,
            ),
        )


def _import_tools() -> None:
    """Take the time that importing needs in a thread; what is made of it is not."""
    import podd.runtime.children.pods
    import podd.runtime.tool_runner  # noqa: F401  # only to have it


def _per_tool(manifest: Manifest, limit: str) -> dict[str, Any]:
    found = {
        name: getattr(limits, limit) for name, limits in manifest.tools.per_tool.items()
    }
    return {name: value for name, value in found.items() if value is not None}
