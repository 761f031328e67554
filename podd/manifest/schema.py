"""What a manifest may say, as Structs.

These are the resolved forms: every path absolute, every key present. `shape` reads the
same fields to check a single layer, in which any key may be missing. A field without a
default is one that loading always fills in.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from podd.core.permission import Action, PermissionRule
from podd.core.scope.rules import Mode
from podd.core.turn.settings import BROKEN_STREAMS, REPAIRS
from podd.manifest.vocabulary import (
    TOOLS,
    ProviderName,
    RestartPolicy,
)
from podd_protocol.values import DriverName

#: The largest integer that every JSON reader keeps exact (2**53 - 1).
LARGEST_COUNT: Final = 9_007_199_254_740_991

Count = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_COUNT)]
#: Zero is a limit too: none at all.
Number = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_COUNT)]
#: Below 64 bytes an output has no room for the line that says what was cut.
OutputBytes = Annotated[int, msgspec.Meta(ge=64, le=LARGEST_COUNT)]
#: A day: longer is not a limit. Zero would refuse every call.
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
#: No provider takes more than 2.
Temperature = Annotated[float, msgspec.Meta(ge=0, le=2)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
StopText = Annotated[str, msgspec.Meta(min_length=1)]
#: Zero would refuse the first step, which is no limit but a mistake.
Dollars = Annotated[float, msgspec.Meta(gt=0, le=1_000_000_000)]


class PodSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[pod]`: who this is."""

    name: str
    """Unique among live pods."""
    description: str = ""
    """For people; the model does not see it."""
    workdir: str
    """Absolute. What relative paths of tools and of `[scope]` are relative to."""


class AuthSection(msgspec.Struct, frozen=True, kw_only=True):
    """`auth`: where the key is. Exactly one of the three is given."""

    env: str | None = None
    """Name of an environment variable, never the key itself."""
    file: str | None = None
    """Absolute path of a file that holds the key and nothing else."""
    none: bool = False
    """True: the server wants no key."""


class ReasoningSection(msgspec.Struct, frozen=True, kw_only=True):
    """`reasoning`: how long the model may think. Exactly one of the two is given."""

    effort: str | None = None
    """As the provider names it: `low`, `medium`, `high`, ..."""
    budget_tokens: Count | None = None
    """What its thoughts may take of an answer."""


class TimeoutsSection(msgspec.Struct, frozen=True, kw_only=True):
    """`timeouts`: how long each phase of a request may take."""

    connect_seconds: Seconds = 10.0
    """Name, connection and TLS, each."""
    first_byte_seconds: Seconds = 120.0
    """The longest silence until the first content."""
    between_bytes_seconds: Seconds = 60.0
    """The longest silence after it."""
    total_seconds: Seconds = 600.0
    """The whole request, with all its tries and waits."""


class RetriesSection(msgspec.Struct, frozen=True, kw_only=True):
    """`retries`: how much patience a request has."""

    attempts: Count = 4
    """All tries before the first content, the first included."""
    wait_seconds: Seconds = 60.0
    """All waits between them, together."""
    broken_streams: Number = BROKEN_STREAMS
    """How often a step is asked for again whose answer had begun and broke off."""


class ModelSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[model]`: what answers. None leaves a value to the provider."""

    ref: str
    """PROVIDER/NAME; always agrees with `provider` and `name`."""
    provider: ProviderName
    name: str
    """As the provider knows it; may hold slashes."""
    base_url: str | None = None
    region: str | None = None
    """Where it runs, for a provider that has several places."""
    api_version: str | None = None
    """For a provider whose API has versions."""
    auth: AuthSection | None = None
    """None: the provider's usual variable."""
    script: str | None = None
    """Absolute path of the script that `scripted` answers from."""
    max_output_tokens: Count | None = None
    temperature: Temperature | None = None
    top_p: Share | None = None
    top_k: Count | None = None
    stop: tuple[StopText, ...] = ()
    """Texts that end an answer."""
    reasoning: ReasoningSection | None = None
    stream: bool = True
    """False: each answer comes in one piece."""
    timeouts: TimeoutsSection = TimeoutsSection()
    retries: RetriesSection = RetriesSection()
    context_window: Count | None = None
    """Tokens that a request and its answer may hold together. None: as the catalogue
    knows it."""
    images: bool = False
    """True: it can see pictures in the results of tools."""


class AgentSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[agent]`: what it is told, and how long it may go on."""

    instruction: str = "$builtin/default"
    """A `$library/name` or an absolute path."""
    input: str | None = None
    """The first input where `spawn` is given none."""
    driver: DriverName = "chat"
    max_steps: Count = 50
    """Model requests in one turn; then one last step without tools."""
    output_schema: str | None = None
    """Absolute path of the JSON schema of what a turn ends in. None: in prose."""
    max_repairs: Number = REPAIRS
    """How often the model may mend an answer that the schema refuses."""
    trace: bool = False
    """True: each model call is kept in `traces.jsonl` of the session."""
    record: bool = False
    """True: what servers answer is kept in `recordings/` of the session."""


class ScopePath(msgspec.Struct, frozen=True, kw_only=True):
    """A path of `[scope]` that says more than where it is."""

    path: str
    recursive: bool = True
    """False: the directory itself and what lies directly in it."""


class ScopeSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[scope]`: what it may touch. `write` implies reading."""

    read: tuple[str | ScopePath, ...] = (".",)
    write: tuple[str | ScopePath, ...] = ()
    read_only: tuple[str, ...] = ()
    """Holes in `write`, all the way down."""
    hidden: tuple[str, ...] = ()
    """Holes in both, all the way down."""
    mode: Mode = "enforce"


class ToolLimits(msgspec.Struct, frozen=True, kw_only=True):
    """`per_tool.NAME`: limits of one tool. None: what holds for all of them."""

    output_bytes: OutputBytes | None = None
    timeout_seconds: Seconds | None = None


class ToolsSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[tools]`: what the model is offered."""

    allow: tuple[str, ...] = TOOLS.built
    output_bytes: OutputBytes = 16_384
    """Of a result that the model reads; the rest is kept in a file."""
    per_tool: dict[str, ToolLimits] = {}


class SandboxSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[sandbox]`: what a command may touch besides the scope, and how much."""

    read: tuple[str, ...] = ()
    """Absolute. Toolchains; what every machine has needs no mention."""
    network: Literal["allow", "deny"] = "allow"
    environment: tuple[str, ...] = ()
    """Names of variables that are passed on, besides a safe few."""
    require: tuple[str, ...] = ()
    """What must confine commands here; otherwise the pod does not start."""
    processes: Count = 1024
    """Of a command at a time, threads included."""
    memory_bytes: Count | None = None
    """Of one process. None: three quarters of what the machine has."""
    file_bytes: Count = 17_179_869_184
    """Of one file that a command writes."""
    temporary_bytes: Count = 1_073_741_824
    """Of a command's private TMPDIR and HOME, which lie in memory."""


class PermissionsSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[permissions]`: which calls people want to decide about."""

    default: Action = "allow"
    """Where no rule matches."""
    rules: tuple[PermissionRule, ...] = ()
    """The first that matches counts."""
    wait_seconds: Seconds = 600.0
    """How long a call waits for people, before it is denied."""


class LimitsSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[limits]`: over the pod's life, with all its descendants."""

    tokens: Count | None = None
    """All that models read and wrote. None: no limit."""
    cost_usd: Dollars | None = None
    """What all that cost, in US dollars. None: no limit."""
    wall_seconds: Count | None = None
    """Of work: not paused, not waiting for people. None: no limit."""
    pods: Number = 8
    """Started by it and by those below it."""
    depth: Number = 3
    """Levels of pods below it."""


class SuperviseSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[supervise]`: what becomes of it when something ends."""

    restart: RestartPolicy = "never"
    on_parent_end: Literal["drain", "stop", "detach"] = "drain"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All that declares a pod."""

    pod: PodSection
    model: ModelSection
    agent: AgentSection = AgentSection()
    scope: ScopeSection = ScopeSection()
    tools: ToolsSection = ToolsSection()
    sandbox: SandboxSection = SandboxSection()
    permissions: PermissionsSection = PermissionsSection()
    limits: LimitsSection = LimitsSection()
    supervise: SuperviseSection = SuperviseSection()
