"""The errors of podd, by who must act on them.

    PoddError
      UsageError               whoever typed the command
      ManifestError            whoever edits the file
      MissingKeyError          whoever sets the environment
      NoSuchError              a pod, session or file that is not there
      ForkPointError           whoever says where to fork
      HeldError                someone must give way
        NameTakenError
        ScopeConflictError
        SessionHeldError
        StillWrittenError
      LimitReachedError        whoever set the limit
      DeniedError              not allowed, and asking again will not help
        OutsideScopeError
        UnsafeDirectoryError
        LeaseLostError
      PodNotAnsweringError     whoever looks after the machine
        PodEndedError
      StartFailedError         depends on what it met
      StartAbandonedError      nobody: it is not wanted any more
      CommandNotStartedError   whoever looks after the machine, or edits the scope
      FailureReplyError        depends on what the pod says
      PausedError              whoever paused the pod
      TimedOutError
      StorageError             whoever looks after the disk
        JournalDamagedError
        NewerFormatError
        UnknownEntryError
      ProviderError            wait, or look at the account

Rules of this file: fields first, prose in `__str__`; `code` is the stable word that
crosses the wire and stands in `--json`; `exit_code` is what `podctl` ends with
(both are listed in docs/operations.md). A failing tool is not an exception: it is a
result that the model reads.
"""

from __future__ import annotations

from copy import copy
from typing import Any, ClassVar, Literal, dataclass_transform


def _rebuild(kind: type[PoddError], values: dict[str, Any]) -> PoddError:
    return kind(**values)


@dataclass_transform(kw_only_default=True, eq_default=False)
class PoddError(Exception):
    """Something went wrong that a person can act on.

    The annotated names of a subclass are its fields, given by keyword; a value in the
    class is the default. So are dataclasses, but each of those costs a tenth of a
    millisecond to make, and these are imported by every podctl.
    """

    code: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 1
    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = tuple(
            name
            for name, kind in vars(cls).get("__annotations__", {}).items()
            if not kind.startswith("ClassVar")
        )
        cls._fields = (*cls._fields, *own)

    def __init__(self, **values: Any) -> None:  # noqa: ANN401  # typed by the transform
        super().__init__()
        for name in self._fields:
            if name in values:
                setattr(self, name, values.pop(name))
            elif hasattr(type(self), name):
                setattr(self, name, copy(getattr(type(self), name)))
            else:
                raise TypeError(f"{type(self).__name__} needs {name!r}")
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(values)}")

    @property
    def remedy(self) -> str:
        """What to do next; empty where nobody can know."""
        return ""

    @property
    def data(self) -> dict[str, Any]:
        """The fields, for `--json` and the wire."""
        return {name: getattr(self, name) for name in self._fields}

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.data.items())
        return f"{type(self).__name__}({inside})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.data)


class UsageError(PoddError):
    """The command line asks for something that makes no sense."""

    code: ClassVar[str] = "usage"
    exit_code: ClassVar[int] = 2

    reason: str
    hint: str = ""

    def __str__(self) -> str:
        return self.reason

    @property
    def remedy(self) -> str:
        return self.hint


class ManifestError(PoddError):
    """A manifest, or a `--set`, says something that cannot be."""

    code: ClassVar[str] = "bad_manifest"
    exit_code: ClassVar[int] = 2

    path: str
    """The file, or where else the value came from (`--set`, `built-in`)."""
    reason: str
    key: str = ""
    """Dotted, as `--set` takes it."""
    line: int | None = None
    """From 1; None where the value has no line."""
    hint: str = ""

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return (
            f"{place}: {self.key}: {self.reason}"
            if self.key
            else (f"{place}: {self.reason}")
        )

    @property
    def remedy(self) -> str:
        return self.hint


KeyProblem = Literal["absent", "unreadable", "unsendable"]
"""Unsendable: not one word of printable ASCII, so no header can carry it."""


class MissingKeyError(PoddError):
    """A provider needs a key that is not there, or that cannot be one."""

    code: ClassVar[str] = "missing_key"
    exit_code: ClassVar[int] = 2

    provider: str
    variables: tuple[str, ...]
    """Any of these would do. Empty: no variable would, only `model.auth`."""
    host: str = ""
    """Where the key would go, if no vendor's variable may be sent there."""
    file: str = ""
    """Where `model.auth` says the key is, if it names a file."""
    problem: KeyProblem = "absent"

    def __str__(self) -> str:
        where = self.file or " or ".join(self.variables)
        if self.problem != "absent":
            return f"provider {self.provider!r}: the key in {where} is {self.problem}"
        if where:
            return f"provider {self.provider!r} needs {where}"
        return (
            f"provider {self.provider!r} has no key that may be sent to {self.host!r}"
        )

    @property
    def remedy(self) -> str:
        auth = 'model.auth to { env = "NAME" }, { file = "..." } or { none = true }'
        if self.file:
            return f"put the key, and nothing else, into {self.file}, or set {auth}"
        if self.variables:
            return f"export {self.variables[0]}=..., or set {auth}"
        return f"set {auth}"


class NoSuchError(PoddError):
    """What was named is not there."""

    exit_code: ClassVar[int] = 3

    what: Literal["pod", "session", "file", "command"]
    name: str
    hint: str = ""

    @property
    def code(self) -> str:  # type: ignore[override]  # varies with `what`
        return f"no_such_{self.what}"

    def __str__(self) -> str:
        return f"there is no {self.what} {self.name!r}"

    @property
    def remedy(self) -> str:
        if self.hint:
            return self.hint
        return {
            "pod": "podctl list shows the live pods, podctl list --all the ended ones",
            "session": "podctl session list shows what there is",
            "file": "check the path; podctl init writes a first manifest",
            "command": "podctl status shows the commands that run",
        }[self.what]


class ForkPointError(PoddError):
    """A session cannot be forked at this entry."""

    code: ClassVar[str] = "bad_fork_point"
    exit_code: ClassVar[int] = 2

    session: str
    at: int | None
    """As asked for; None: at any."""
    last: int
    """The number of its newest entry."""
    before: int | None = None
    """The nearest entry before `at` where it can be forked."""
    after: int | None = None
    """The nearest one behind it."""

    def __str__(self) -> str:
        if self.at is None:
            return f"session {self.session} has no entry to fork at"
        if 1 <= self.at <= self.last:
            where = "lies inside an open step"
        else:
            where = f"is not there: they go from 1 to {self.last}"
        return f"entry {self.at} of session {self.session} {where}"

    @property
    def remedy(self) -> str:
        points = [str(n) for n in (self.before, self.after) if n is not None]
        return f"fork at entry {' or '.join(points)}" if points else ""


class HeldError(PoddError):
    """Someone else has what was asked for."""

    exit_code: ClassVar[int] = 4


class NameTakenError(HeldError):
    """A live pod has this name."""

    code: ClassVar[str] = "name_taken"

    name: str
    pid: int
    since: str
    """RFC 3339."""

    def __str__(self) -> str:
        return (
            f"the name {self.name!r} is taken by a live pod "
            f"(pid {self.pid}, since {self.since})"
        )

    @property
    def remedy(self) -> str:
        return (
            f"use --name OTHER, talk to it with podctl run {self.name} PROMPT, "
            f"or end it with podctl stop {self.name}"
        )


class ScopeConflictError(HeldError):
    """A live pod may write where we want to."""

    code: ClassVar[str] = "scope_conflict"

    path: str
    """What we asked for."""
    holder: str
    holder_path: str
    since: str = ""
    """RFC 3339; empty where only the lender was asked, who keeps no time."""
    doing: str = ""
    lent_by: str = ""
    """Who lent it to the holder; empty: nobody who lives."""

    def __str__(self) -> str:
        facts = [f"through {self.holder_path}"]
        if self.since:
            facts.append(f"since {self.since}")
        if self.lent_by:
            facts.append(f"lent by {self.lent_by!r}")
        if self.doing:
            facts.append(self.doing)
        return f"{self.path} is writable by pod {self.holder!r} ({', '.join(facts)})"

    @property
    def remedy(self) -> str:
        return (
            f"look with podctl status {self.holder} or podctl scope check "
            f"{self.path}; stop it with podctl stop {self.holder}, or ask for "
            "another directory in [scope] write"
        )


class SessionHeldError(HeldError):
    """A live process writes this session."""

    code: ClassVar[str] = "session_held"

    session: str
    pod: str

    def __str__(self) -> str:
        return f"session {self.session} is being written by pod {self.pod!r}"

    @property
    def remedy(self) -> str:
        return (
            f"talk to it with podctl run {self.pod} PROMPT, "
            f"or end it with podctl stop {self.pod}"
        )


class StillWrittenError(HeldError):
    """What is to be lent is being written by the lender itself."""

    code: ClassVar[str] = "still_written"

    paths: tuple[str, ...]
    """What was to be lent."""
    writers: tuple[str, ...]
    """Calls and commands of the lender."""
    seconds: float
    """How long they were waited for."""

    def __str__(self) -> str:
        return (
            f"{', '.join(self.paths)} cannot be lent: after {self.seconds:g} s "
            f"{', '.join(self.writers)} may still write there"
        )

    @property
    def remedy(self) -> str:
        return "wait until that has ended, or end it with stop_command, and lend again"


class LimitReachedError(PoddError):
    """One pod more would pass a limit of a pod above it."""

    code: ClassVar[str] = "over_budget"
    exit_code: ClassVar[int] = 6

    limit: Literal["pods", "depth"]
    value: int
    holder: str
    """The pod whose manifest states the limit."""

    def __str__(self) -> str:
        if self.limit == "pods":
            return (
                f"pod {self.holder!r} has started as many pods below it as it may "
                f"over its life ([limits] pods = {self.value})"
            )
        return (
            f"below pod {self.holder!r} there may be no more than {self.value} "
            "levels of pods ([limits] depth)"
        )

    @property
    def remedy(self) -> str:
        return (
            f"raise [limits] {self.limit} in the manifest of {self.holder}, or let "
            "the pods that are there do it"
        )


class DeniedError(PoddError):
    """Not allowed."""

    code: ClassVar[str] = "denied"
    exit_code: ClassVar[int] = 5

    reason: str
    hint: str = ""

    def __str__(self) -> str:
        return self.reason

    @property
    def remedy(self) -> str:
        return self.hint


class UnsafeDirectoryError(PoddError):
    """A directory that podd needs for itself alone cannot be used."""

    code: ClassVar[str] = "denied"
    exit_code: ClassVar[int] = 5

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"

    @property
    def remedy(self) -> str:
        return (
            "remove it or make it yours alone (chown, chmod 700), or point "
            "PODD_RUNTIME_DIR, PODD_STATE_DIR or PODD_CONFIG_DIR elsewhere"
        )


class OutsideScopeError(PoddError):
    """A path that this pod may not touch in this way."""

    code: ClassVar[str] = "outside_scope"
    exit_code: ClassVar[int] = 5

    path: str
    access: Literal["read", "write"]
    reason: str

    def __str__(self) -> str:
        return f"may not {self.access} {self.path}: {self.reason}"


LeaseLoss = Literal["table_gone", "allocation_gone", "allocation_changed"]


class LeaseLostError(PoddError):
    """This pod's allocation is no longer its own, so it must not write."""

    code: ClassVar[str] = "denied"
    exit_code: ClassVar[int] = 5

    loss: LeaseLoss
    detail: str = ""

    def __str__(self) -> str:
        return f"the lease on the scope is lost ({self.loss}): {self.detail}"

    @property
    def remedy(self) -> str:
        return "stop this pod and resume its session: podctl resume takes a new lease"


class PodNotAnsweringError(PoddError):
    """A pod is there and says nothing."""

    code: ClassVar[str] = "not_answering"
    exit_code: ClassVar[int] = 8

    pod: str
    reason: str
    log: str = ""

    def __str__(self) -> str:
        return f"pod {self.pod!r} does not answer: {self.reason}"

    @property
    def remedy(self) -> str:
        look = f"its log is {self.log}; " if self.log else ""
        return f"{look}podctl kill {self.pod} ends it, its session stays"


class PodEndedError(PodNotAnsweringError):
    """A pod went away while somebody waited for it."""

    code: ClassVar[str] = "pod_ended"

    session: str
    """Empty where it had not said which."""

    def __str__(self) -> str:
        return f"pod {self.pod!r} is gone: {self.reason}"

    @property
    def remedy(self) -> str:
        look = f"; its log is {self.log}" if self.log else ""
        what = self.session or self.pod
        return f"podctl resume {what} goes on where it stopped{look}"


class StartFailedError(PoddError):
    """A new pod said why it cannot be."""

    pod: str
    failure: str
    """The code word of what it met."""
    status: int
    """The exit code that goes with it."""
    message: str
    advice: str = ""
    details: dict[str, Any] = {}  # noqa: RUF012  # each error copies it

    @property
    def code(self) -> str:  # type: ignore[override]  # what the pod met
        return self.failure

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # as above
        return self.status

    def __str__(self) -> str:
        return f"pod {self.pod!r} could not start: {self.message}"

    @property
    def remedy(self) -> str:
        return self.advice


class StartAbandonedError(PoddError):
    """Who wanted a new pod gave up waiting for it; nothing of it is left."""

    code: ClassVar[str] = "start_abandoned"

    pod: str

    def __str__(self) -> str:
        return f"the start of pod {self.pod!r} was given up"


class CommandNotStartedError(PoddError):
    """A command was not run, because what it may touch could not be set up."""

    code: ClassVar[str] = "command_not_started"

    reason: str
    hint: str = ""

    def __str__(self) -> str:
        return f"the command was not started: {self.reason}"

    @property
    def remedy(self) -> str:
        return self.hint


class SandboxUnmetError(PoddError):
    """A pod requires of its sandbox what this machine does not have."""

    code: ClassVar[str] = "sandbox_unmet"

    pod: str
    missing: dict[str, str]
    """What is required and not there, and why."""
    advice: str = ""

    def __str__(self) -> str:
        named = ", ".join(f"{name} ({why})" for name, why in self.missing.items())
        return f"pod {self.pod!r} requires of its sandbox what is not here: {named}"

    @property
    def remedy(self) -> str:
        doctor = "podctl doctor says what works here"
        return f"{self.advice}; {doctor}" if self.advice else doctor


class FailureReplyError(PoddError):
    """A pod said no."""

    pod: str
    failure: str
    """The code word of the wire's `failure`."""
    message: str
    details: dict[str, Any] = {}  # noqa: RUF012  # each error copies it
    """The `data` of the wire's `failure`."""

    _EXIT_CODES: ClassVar[dict[str, int]] = {
        "bad_field": 2,
        "no_such_turn": 3,
        "no_such_call": 3,
        "no_such_question": 3,
        "scope_conflict": 4,
        "denied": 5,
        "outside_scope": 5,
        "over_budget": 6,
    }

    @property
    def code(self) -> str:  # type: ignore[override]  # what the pod said
        return self.failure

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # varies with `failure`
        return self._EXIT_CODES.get(self.failure, 1)

    def __str__(self) -> str:
        return f"pod {self.pod!r}: {self.message}"

    @property
    def remedy(self) -> str:
        if advice := self.details.get("remedy"):
            return str(advice)
        return {
            "no_such_turn": f"podctl session show {self.pod} lists the turns",
            "busy": f"wait with podctl wait {self.pod}, or run with --when-busy queue",
            "no_such_call": f"podctl approvals {self.pod} shows what waits",
            "no_such_question": f"podctl questions {self.pod} shows what waits",
            "version_mismatch": (
                "this podctl and the pod are of different versions; "
                f"podctl stop {self.pod} works, then resume its session with this one"
            ),
            "stopping": f"podctl resume {self.pod} brings it back when it has ended",
            "storage": "make room on the disk; nothing that was accepted is lost",
        }.get(self.failure, "")


class PausedError(PoddError):
    """What was waited for will not come while the pod is paused."""

    code: ClassVar[str] = "paused"
    exit_code: ClassVar[int] = 9

    pod: str
    turn: str | None

    def __str__(self) -> str:
        return f"pod {self.pod!r} is paused"

    @property
    def remedy(self) -> str:
        return (
            f"podctl resume {self.pod} goes on, podctl cancel {self.pod} ends the turn"
        )


class TimedOutError(PoddError):
    """The time that was given is over."""

    code: ClassVar[str] = "timed_out"
    exit_code: ClassVar[int] = 7

    what: str
    seconds: float
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.what} took longer than {self.seconds:g} s"

    @property
    def remedy(self) -> str:
        return self.hint


class StorageError(PoddError):
    """The disk would not take it, or give it."""

    code: ClassVar[str] = "storage"

    path: str
    reason: str
    kind: Literal["full", "broken"] = "broken"
    """`full` can pass: what stands is whole, and work can go on when there is room."""

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"

    @property
    def remedy(self) -> str:
        return "make room or mend the disk; nothing that was accepted is lost"


Damage = Literal[
    "no_digest",
    "wrong_digest",
    "wrong_number",
    "wrong_fields",
    "wrong_start",
    "blob_missing",
    "blob_altered",
    "entries_missing",
    "other_history",
    "session_file",
]
"""What is wrong with a session's files. Closed."""


class JournalDamagedError(PoddError):
    """A journal line that was once whole no longer is."""

    code: ClassVar[str] = "journal_damaged"

    path: str
    line: int
    """From 1; the journal's `n` of the first bad entry."""
    reason: str
    damage: Damage
    missing: int = 0
    """Entries known to be gone, where `damage` is `entries_missing`."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"

    @property
    def remedy(self) -> str:
        return (
            "what stands before this line is sound; restore the file from a "
            "backup, or start a new session"
        )


class NewerFormatError(PoddError):
    """A journal that a later podd wrote."""

    code: ClassVar[str] = "newer_format"

    path: str
    found: int
    known: int

    def __str__(self) -> str:
        return f"{self.path}: format {self.found}, this podd reads up to {self.known}"

    @property
    def remedy(self) -> str:
        return "use the podd that wrote it, or a later one"


class UnknownEntryError(PoddError):
    """A whole journal line of a kind that this podd does not know and may not skip."""

    code: ClassVar[str] = "newer_format"

    path: str
    line: int
    """From 1."""
    kind: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: an entry of the unknown kind {self.kind!r}"

    @property
    def remedy(self) -> str:
        return "use the podd that wrote it, or a later one"


ProviderFault = Literal[
    "unreachable",
    "timed_out",
    "auth",
    "refused",
    "not_found",
    "bad_request",
    "unsupported",
    "context_overflow",
    "rate_limited",
    "quota",
    "overloaded",
    "server_error",
    "malformed",
    "cut",
    "content_filter",
    "empty_response",
    "script_exhausted",
    "internal",
]
"""Why a model gave no answer. Closed: everything a provider does is one of these."""


class ProviderError(PoddError):
    """A model gave no answer that counts."""

    code: ClassVar[str] = "provider"

    fault: ProviderFault
    message: str
    provider: str
    status: int | None = None
    """The HTTP status, where there was one."""
    retry_after_seconds: float | None = None
    is_final: bool = False
    """The server says that another try is of no use."""

    def __str__(self) -> str:
        return f"{self.provider}: {self.message}"
