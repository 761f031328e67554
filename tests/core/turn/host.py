"""A driver without a disk: facts in, entries appended and applied, effects noted.

After each fact it says `Proceeded` until nothing follows, as the real driver does.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from podd.core.context.conversation import ModelPart, TextPart, ToolCallPart
from podd.core.context.request import Surface, ToolSpec
from podd.core.context.response import ModelResponse, StopReason
from podd.core.pod.fold import apply, fold
from podd.core.pod.state import PodState
from podd.core.session import entries as e
from podd.core.session.events import count
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.decide import Decision, decide
from podd.core.turn.drivers.code import Code
from podd.core.turn.settings import Settings, Texts
from podd_protocol.values import ToolStatus, Usage

TEXTS = Texts(
    notification=lambda origin, message: f"[{origin}] {message}",
    limit=lambda limit, value: f"{limit}: {value}, hand over",
    cut_off="cut off",
    no_tools_left="no tools left",
    interrupted="interrupted",
    unknown=lambda tool, since, _known: f"{tool} since {since}: unknown",
    child_reported=lambda pod, report: f"{pod} {report.turn}: {report.text}",
    child_ended=lambda pod, end, message: f"{pod} {end}: {message}",
    child_asks=lambda pod, question, choices: f"{pod} asks {question} {list(choices)}",
    child_works=lambda child: f"{child.pod} {child.state}",
    command_ended=lambda command, end, status, reason: (
        f"{command.command}: {end} {status} {reason}"
    ),
    denied=lambda tool, why: f"{tool} denied: {why}",
    not_decided=lambda seconds: f"nobody decided within {seconds:g} s",
    not_answered=lambda asked, seconds: f"{asked} silent for {seconds:g} s",
    answer_refused=lambda problem, left: f"refused: {problem}; {left} left",
    code_ended=lambda status, known: f"code {status}: {known}",
    interpreter_lost="names are gone",
)
SETTINGS = Settings(max_steps=3, repeatable={"read_file"}, texts=TEXTS)
SURFACE = Surface(
    model="m",
    system="You are a test.",
    tools=(
        ToolSpec("read_file", "Reads.", {"type": "object"}),
        ToolSpec("write_file", "Writes.", {"type": "object"}),
    ),
)
USAGE = Usage(input_tokens=10, output_tokens=2, requests=1, cost_usd=0.5)

RENDERED = i.SurfaceRendered(surface=SURFACE, cause="started")
OTHER = i.SurfaceRendered(
    surface=Surface(model="other", system="New.", tools=SURFACE.tools[1:]),
    cause="manifest_given",
)
CONFIGURED = i.SurfaceConfigured(
    surface=OTHER.surface, manifest={"pod": {"name": "new"}}
)
RESTORED = i.PodRestored(pid=7, podd="0.1.0")
DRAIN = i.StopAsked(mode="drain", by="user")
NOW = i.StopAsked(mode="now", by="signal")
OVER = i.DeadlinePassed(deadline="drain")
CANCEL = i.CancelRequested(by="user", reason="enough")
PAUSE = i.PauseRequested(reason="lunch")
RESUME = i.ResumeRequested()

_entries = msgspec.json.Decoder(e.AnyEntry)


def at_most(steps: int) -> Settings:
    return Settings(
        max_steps=steps, repeatable=SETTINGS.repeatable, texts=SETTINGS.texts
    )


def call(name: str, arguments: str = "{}", *, provider_call: str = "") -> ToolCallPart:
    """A call as a provider hands it over: without our name for it."""
    return ToolCallPart("", name, arguments, provider_call)


def response(
    *parts: ModelPart | str,
    stop_reason: StopReason | None = None,
    usage: Usage = USAGE,
) -> ModelResponse:
    """An answer; the reason follows from the parts unless it is given."""
    made = tuple(TextPart(p) if isinstance(p, str) else p for p in parts)
    asks = any(isinstance(part, ToolCallPart) for part in made)
    reason = stop_reason or ("tool_use" if asks else "stop")
    return ModelResponse(parts=made, stop_reason=reason, usage=usage)


def queued(text: str, key: str | None = None) -> i.InputQueued:
    return i.InputQueued(text=text, key=key)


def steered(text: str, key: str | None = None) -> i.InputSteered:
    return i.InputSteered(text=text, key=key)


def told(message: str, *, wake: bool = False, key: str | None = None):
    return i.NotificationSent(message=message, wake=wake, key=key)


def finished(
    name: str, status: ToolStatus = "ok", output: str = "", **more
) -> i.ToolFinished:
    return i.ToolFinished(
        call=name, status=status, summary=f"{name} done", output=output, **more
    )


def wants_object(value: object) -> str | None:
    """What an output schema might say."""
    return None if isinstance(value, dict) else "it is no object"


CODING = Settings(
    max_steps=3, repeatable={"read_file"}, texts=TEXTS, driver=Code(), wall_seconds=90
)


def block(code: str = "look()", language: str = "python") -> str:
    """Prose around code, as a model writes it."""
    return f"I look.\n```{language}\n{code}\n```\nThen I go on."


def code_called(step: int = 1, name: str = "read_file", **more) -> i.CodeCalled:
    given = {"turn": "t1", "arguments": "{}", **more}
    return i.CodeCalled(step=step, name=name, **given)


def code_over(step: int = 1, **more) -> i.CodeFinished:
    given = {"turn": "t1", "status": "ok", "summary": "ran", **more}
    return i.CodeFinished(step=step, **given)


def coding(*called: str, settings: Settings = CODING) -> Host:
    """A pod that runs code, which has called these tools."""
    host = Host.after(queued("work"), settings=settings)
    host.answers(block())
    for name in called:
        host.tell(code_called(name=name))
    return host


def kinds(entries: Iterable[e.AnyEntry]) -> list[str]:
    """What an entry is called in the journal."""
    return [entry.__struct_config__.tag for entry in entries]


def reread(entries: Iterable[e.AnyEntry]) -> list[e.AnyEntry]:
    """The entries as a file gives them back."""
    return [_entries.decode(msgspec.json.encode(entry)) for entry in entries]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one fact led to, with all that followed by itself."""

    decision: Decision
    entries: list[e.AnyEntry]
    effects: list[f.Effect]

    @property
    def kinds(self) -> list[str]:
        return kinds(self.entries)


@dataclass(slots=True)
class Host:
    """One pod and its journal."""

    settings: Settings = SETTINGS
    state: PodState = field(default_factory=PodState)
    entries: list[e.AnyEntry] = field(default_factory=list)
    next_seq: int = 1

    @classmethod
    def after(cls, *facts: i.Input, settings: Settings = SETTINGS) -> Host:
        """A pod that has a surface and was told these facts."""
        host = cls(settings=settings)
        for fact in (RESTORED, RENDERED, *facts):
            host.tell(fact)
        return host

    @classmethod
    def restored(
        cls, entries: Iterable[e.AnyEntry], settings: Settings = SETTINGS
    ) -> Host:
        """A pod whose process ended behind these entries, before `PodRestored`."""
        kept = reread(entries)
        last = max((entry.seq + count(entry) for entry in kept if entry.seq), default=1)
        return cls(settings=settings, state=fold(kept), entries=kept, next_seq=last)

    def crash(self) -> Host:
        """The same pod in a new process, not yet told so."""
        return Host.restored(self.entries, self.settings)

    def copy(self) -> Host:
        return copy.deepcopy(self)

    def tell(self, fact: i.Input) -> Heard:
        """Tell a fact, then proceed until nothing follows."""
        before = len(self.entries)
        decision = self.decide(fact)
        effects = list(decision.effects)
        # Each round has entries, and nothing goes round in a circle: so few rounds,
        # and two for each input whose turn a limit ends as it begins.
        for _ in range(20 + 2 * len(self.state.queue)):
            move = self.decide(i.Proceeded())
            if not move.entries:
                assert move.effects == ()
                return Heard(decision, self.entries[before:], effects)
            effects += move.effects
        raise AssertionError(kinds(self.entries[before:]))

    def decide(self, fact: i.Input) -> Decision:
        """Decide and apply one fact alone, without what follows by itself."""
        decision = decide(self.settings, self.state, fact)
        for entry in decision.entries:
            self.record(entry)
        return decision

    def record(self, entry: e.AnyEntry) -> None:
        """Stamp, apply and keep an entry, as whoever appends to a journal does."""
        n = len(self.entries) + 1
        stamped = msgspec.structs.replace(
            entry,
            n=n,
            at=f"2026-11-21T00:{n // 60:02}:{n % 60:02}.000Z",
            seq=self.next_seq,
            elapsed=1000,
        )
        if (events := count(stamped)) == 0:
            stamped = msgspec.structs.replace(stamped, seq=0)
        self.next_seq += events
        apply(self.state, stamped)
        self.entries.append(stamped)

    # What a host that answers would be told next

    def answers(self, *parts: ModelPart | str, **more) -> Heard:
        """The model answers what it was asked."""
        turn = self.state.turn
        assert turn is not None
        return self.tell(
            i.ModelAnswered(
                turn=turn.turn,
                step=turn.step,
                attempt=turn.attempt,
                response=response(*parts, **more),
            )
        )

    def fails(
        self, fault="server_error", partial: str = "", *, began: bool = False
    ) -> Heard:
        """The model gives no answer."""
        turn = self.state.turn
        assert turn is not None
        return self.tell(
            i.ModelFailed(
                turn=turn.turn,
                step=turn.step,
                attempt=turn.attempt,
                fault=fault,
                message="no",
                partial=partial,
                began=began,
            )
        )

    def texts(self) -> list[str]:
        """The conversation in short, one line an item."""
        return [_line(item) for item in self.state.conversation]


def _line(item) -> str:
    match item.__struct_config__.tag:
        case "user":
            return f"{item.origin}: {item.text}"
        case "model":
            words = [
                f"{part.call}={part.name}"
                if isinstance(part, ToolCallPart)
                else part.text
                for part in item.parts
            ]
            return f"model: {' '.join(words)}"
        case _:
            return f"{item.call}: {item.status}"


def request(
    step: int, *, turn: str = "t1", attempt: int = 1, offer_tools: bool = True
) -> f.RequestModel:
    return f.RequestModel(
        turn=turn, step=step, attempt=attempt, offer_tools=offer_tools
    )


def run(name: str, tool: str = "read_file", arguments: str = "{}") -> f.RunTool:
    turn, step, _ = name.split(".")
    return f.RunTool(
        turn=turn,
        step=int(step),
        call=name,
        name=tool,
        arguments=arguments,
        repeatable=tool in SETTINGS.repeatable,
    )


def asking() -> Host:
    """A pod that has asked its model for the first step."""
    return Host.after(queued("work"))


def calling(*names: str) -> Host:
    """A pod that runs these tools; `read_file` if none is named."""
    host = asking()
    host.answers(*(call(name) for name in names or ("read_file",)))
    return host
