"""What a pod can do: its model, its tools, its words. Imported when first needed.

Importing these rooms is most of what starting a pod would cost, and nothing of it is
needed to answer a client. So they are loaded in a worker thread while the socket is
served already.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import msgspec

from podd.core.context.price import Price
from podd.core.context.request import Surface, ToolSpec
from podd.core.pod.state import PodState
from podd.errors import DeniedError
from podd.manifest.resolved import Resolved
from podd.manifest.schema import Manifest, ModelSection
from podd.paths import Places
from podd.runtime.children.family import Family
from podd.runtime.clock import Clock
from podd.runtime.effective_scope import EffectiveScope
from podd.runtime.ports import Interpreter, Model, Tools
from podd.runtime.redaction import Redaction
from podd.runtime.sampling import sampling_of, sees_pictures
from podd.runtime.shell import Shell

if TYPE_CHECKING:
    from podd.core.turn.known import KnownOfCall
    from podd.runtime.recordings import Recordings
    from podd.runtime.tool_runner import ToolRunner
    from podd.runtime.trace import Traces
    from podd.tools.output_store import OutputStore
    from podd.tools.ports import Pods
    from podd.tools.scoped_files import ScopedFiles


class Speaker(msgspec.Struct, eq=False):
    """The model of one manifest, made when it is first asked."""

    section: ModelSection
    price: Price | None = None
    model: Model | None = None
    was_asked: bool = False
    """It may hold connections."""


class Abilities(msgspec.Struct, kw_only=True):
    """Makes each thing once, on demand."""

    resolved: Resolved
    places: Places
    clock: Clock
    scope: EffectiveScope
    outputs: Path
    older_outputs: tuple[Path, ...] = ()
    """Of the sessions that this one is a fork of, as far as they exist."""
    verify_lease: Callable[[], None]
    put_blob: Callable[[bytes], str]
    has_parent: bool = False
    shell: Shell | None = None
    """What commands run in; None: this pod has no use for any."""
    family: Family | None = None
    """Set when the pod is joined: it needs what is made from these abilities."""
    traces: Traces | None = None
    """Where calls of the model are traced; None: nowhere."""
    recordings: Recordings | None = None
    """Where what servers answer is recorded; None: nowhere."""
    functions: Callable[[], Sequence[ToolSpec]] = tuple
    """What the model's code may call now."""
    environment: Mapping[str, str] = msgspec.field(default_factory=lambda: os.environ)
    _speaker: Speaker | None = None
    _former: list[Speaker] = []
    """Models whose last request may still run."""
    _redaction: Redaction = msgspec.field(default_factory=lambda: Redaction(()))
    _tools: ToolRunner | None = None
    _loading: anyio.Lock = msgspec.field(default_factory=anyio.Lock)

    def price(self) -> Price | None:
        """What the model that is asked now costs; None: nobody knows."""
        return self.speaker.price

    async def model(self) -> Model:
        """The provider that the manifest names.

        Raises:
            PoddError: its key or its script is not there any more.
        """
        # Before the first wait: a request begins with the model of its surface.
        speaker = self.speaker
        speaker.was_asked = True
        async with self._loading:
            former, self._former = self._former, []
            for one in former:
                # A new request begins only when the one before is over.
                if one is not speaker and one.model is not None:
                    await one.model.aclose()
            if speaker.model is None:
                section = speaker.section
                speaker.model = await anyio.to_thread.run_sync(
                    lambda: self._make_model(section)
                )
            if self.traces is not None and self.resolved.manifest.agent.trace:
                return self.traces.of(speaker.model, speaker.section.provider)
            return speaker.model

    @property
    def speaker(self) -> Speaker:
        """The model that the manifest names, made or not."""
        if self._speaker is None:
            resolved = self.resolved
            self._speaker = Speaker(resolved.manifest.model, resolved.facts.price)
        return self._speaker

    async def built(self, resolved: Resolved) -> Speaker:
        """Make the model of another manifest, to see that it can be.

        Raises:
            PoddError: its key or its script is not there.
        """
        section = resolved.manifest.model

        def work() -> Model:
            # The keys of former models stay what must not be seen.
            for one in (self.speaker.section, section):
                self._redaction.add(self._secrets(one))
            return self._make_model(section)

        model = await anyio.to_thread.run_sync(work)
        return Speaker(section, resolved.facts.price, model)

    def adopt(self, resolved: Resolved, speaker: Speaker) -> None:
        """Go by another manifest from the next step on."""
        if speaker is not self.speaker:
            if self.speaker.was_asked:
                self._former.append(self.speaker)
            self._speaker = speaker
        self.resolved = resolved
        if self.shell is not None:
            self.shell.manifest = resolved.manifest

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
                self._tools = made
                self._say_writers(made)
            elif self._tools.commands is None and self._runs_commands():
                # Allowed by a `configure`.
                self._tools = await anyio.to_thread.run_sync(
                    self._with_commands, self._tools
                )
                self._say_writers(self._tools)
            return self._tools

    def _say_writers(self, tools: ToolRunner) -> None:
        if self.family is not None:
            shell = self.shell
            commands = None if shell is None else shell.commands(tools.outputs)
            self.family.writers(tools.files, commands)

    def _runs_commands(self) -> bool:
        found = None if self.shell is None else self.shell.found
        return found is not None and found.runs_commands

    def _with_commands(self, tools: ToolRunner) -> ToolRunner:
        assert self.shell is not None, "it runs them"
        commands = self.shell.commands(tools.outputs)
        return dataclasses.replace(tools, commands=commands)

    async def interpreter(self) -> Interpreter:
        """What runs the model's code.

        Raises:
            DeniedError: nothing may be run here; a start would have refused it.
        """
        await self.tools()
        tools, shell = self._tools, self.shell
        assert tools is not None, "they were made"
        limits = self.resolved.manifest.tools.per_tool.get("code")
        seconds = None if limits is None else limits.timeout_seconds
        made = (
            None
            if shell is None
            else await anyio.to_thread.run_sync(
                shell.interpreter, tools.outputs, self.functions, seconds
            )
        )
        if made is None:
            raise DeniedError(
                reason="no code may be run here: nothing would hold it",
                hint="podctl doctor says what works on this machine",
            )
        return made

    async def surface(self, resolved: Resolved | None = None) -> Surface:
        """Render what the model is to see, by this manifest or by ours.

        Raises:
            ManifestError: a text of the user's is missing or broken.
        """
        by = resolved or self.resolved
        return await anyio.to_thread.run_sync(lambda: self._render_surface(by))

    def known_of_interrupted(self, state: PodState) -> tuple[KnownOfCall, ...]:
        """Find what can be known of calls that the end of a process cut off.

        Called before anything of this process runs. Imports and looks only where there
        are any.
        """
        if state.turn is None or not state.turn.calls:
            return ()
        from podd.runtime.interrupted import Inquest, interrupted

        calls = interrupted(state)
        if not calls:
            return ()
        redaction = self._known_keys()
        outputs = self._make_outputs(redaction)
        return Inquest(
            scope=self.scope.now(),
            files=self._make_files(),
            outputs=outputs,
            redact=redaction.text,
            monotonic=self.clock.monotonic,
        ).known(state, calls)

    async def aclose(self) -> None:
        """End commands and let go of connections."""
        if self.shell is not None:
            await self.shell.aclose()
        for speaker in (*self._former, self.speaker):
            if speaker.model is not None:
                await speaker.model.aclose()

    def _make_model(self, section: ModelSection) -> Model:
        from podd.launch.model import model_settings
        from podd.providers.ports import Ports
        from podd.providers.registry import build

        clock = self.clock
        return build(
            model_settings(section),
            environment=self.environment,
            ports=Ports(
                wait=clock.wait,
                monotonic=clock.monotonic,
                wall=clock.wall,
                random=clock.random,
                recorder=None
                if self.recordings is None
                else self.recordings.recorder(section.name),
            ),
        )

    def _make_tools(self, pods: Pods | None) -> ToolRunner:
        from podd.runtime.tool_runner import ToolRunner
        from podd.tools.read_tracker import ReadTracker

        manifest = self.resolved.manifest
        redaction = self._known_keys()
        outputs = self._make_outputs(redaction)
        return ToolRunner(
            put_blob=lambda content: self.put_blob(redaction.content(content)),
            redaction=redaction,
            files=self._make_files(),
            workdir=manifest.pod.workdir,
            reads=ReadTracker(),
            outputs=outputs,
            timeouts=_per_tool(manifest, "timeout_seconds"),
            commands=None if self.shell is None else self.shell.commands(outputs),
            pods=pods,
            sees_pictures=lambda: sees_pictures(self.resolved.manifest),
        )

    def _make_outputs(self, redaction: Redaction) -> OutputStore:
        from podd.tools.output_store import OutputStore

        manifest = self.resolved.manifest
        return OutputStore(
            directory=str(self.outputs),
            limits=_per_tool(manifest, "output_bytes"),
            default_bytes=manifest.tools.output_bytes,
            redact=redaction.text,
        )

    def _make_files(self) -> ScopedFiles:
        from podd.tools.scoped_files import ScopedFiles

        return ScopedFiles(
            self.scope.whole,
            self.resolved.manifest.pod.workdir,
            verify_lease=self.verify_lease,
            also_readable=[str(path) for path in (self.outputs, *self.older_outputs)],
        )

    def _known_keys(self) -> Redaction:
        self._redaction.add(self._secrets(self.resolved.manifest.model))
        return self._redaction

    def _secrets(self, section: ModelSection) -> tuple[str, ...]:
        from podd.launch.model import model_settings
        from podd.providers.registry import secrets

        settings = model_settings(section)
        return secrets(settings, self.environment)

    def _render_surface(self, resolved: Resolved) -> Surface:
        from podd.prompts.catalogue import Catalogue
        from podd.prompts.system import Function, Subject, render_system
        from podd.runtime.confinement import offered
        from podd.tools.catalog import specs

        manifest = resolved.manifest
        project = resolved.project_prompts
        tools = specs(
            offered(
                manifest.tools.allow,
                has_parent=self.has_parent,
                confinement=None
                if self.shell is None
                else self.shell.confinement(manifest.tools.allow),
            ),
            sees="pictures" if sees_pictures(manifest) else "text",
        )
        system = render_system(
            Subject(
                pod=manifest.pod.name,
                workdir=manifest.pod.workdir,
                scope=self.scope.whole,
                instruction=manifest.agent.instruction,
                tools=[tool.name for tool in tools],
                date=self.clock.now()[:10],
                task_instruction=resolved.task_instruction,
                driver=manifest.agent.driver,
                functions=[Function.of(tool) for tool in tools],
                output_schema=resolved.output_schema,
            ),
            Catalogue(
                user=self.places.prompts,
                project=None if project is None else Path(project),
            ),
        )
        return Surface(
            model=manifest.model.name,
            system=system,
            tools=tools,
            sampling=sampling_of(resolved),
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
