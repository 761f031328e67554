"""What this machine can hold a command to, found out by trying it.

Rules of this file. `probe` asks the machine, once a process; `judge` is pure and says
what follows. Nothing here can be talked into a weaker sandbox: there is no variable and
no file for that, and what did not work when it was tried is not used.

The means, the best first: namespaces of our own; bubblewrap, which may make some where
we may not; Landlock with a filter of system calls, which leaves gaps and costs much.
"""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

import msgspec

from podd.sandbox import bubblewrap, landlock, seccomp
from podd.sandbox.remedies import Switches, remedy, switches
from podd.sandbox.settings import Means

if TYPE_CHECKING:
    from collections.abc import Iterable

FeatureName = Literal[
    "namespaces",
    "pid_namespaces",
    "proc",
    "network",
    "landlock",
    "landlock_scope",
    "seccomp",
    "bubblewrap",
    "subreaper",
]
"""What a machine may offer. Closed; `[sandbox] require` takes these words.

namespaces: of users, mounts and IPC, with all that is done in one: a root of its own,
directories shown read-only, a file system in memory.
pid_namespaces: what a command starts dies with it, and it sees no other process.
proc: a fresh /proc in there.
network: it can be denied.
landlock: a second wall behind the mounts, and the first where there are none.
landlock_scope: neither signals nor connections to abstract sockets leave the sandbox.
seccomp: system calls can be refused.
bubblewrap: it is installed and can make a sandbox.
subreaper: what a command leaves behind is given to the launcher.
"""

#: Seconds that all attempts may take together; they need a few hundredths.
_TRIAL_SECONDS: Final = 10.0

_NEEDED: Final[dict[Means, tuple[FeatureName, ...]]] = {
    "namespaces": ("namespaces", "pid_namespaces", "subreaper"),
    "bubblewrap": ("bubblewrap", "subreaper"),
    "landlock": ("landlock", "seccomp", "subreaper"),
}
"""What has to work for a means to be used, in the order of preference."""


class Trials(msgspec.Struct, frozen=True, kw_only=True):
    """Why each attempt failed; empty where it did what it should."""

    namespaces: str = ""
    pid_namespaces: str = ""
    proc: str = ""
    network: str = ""
    landlock: str = ""
    landlock_abi: int = 0
    seccomp: str = ""
    subreaper: str = ""
    bubblewrap: str = ""


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a machine may offer."""

    name: FeatureName
    works: bool
    detail: str
    """What it is good for here, or why it does not work."""
    remedy: str = ""
    """What would make it work, where it does not."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine can hold a command to."""

    means: Means | None
    """None: no command can be held, so none is run in mode `enforce`."""
    features: tuple[Feature, ...]
    gaps: tuple[str, ...]
    """What a command can do although it should not, each a sentence."""
    costs: tuple[str, ...] = ()
    """What a command cannot do although it might, each a sentence."""
    landlock_abi: int = 0

    def feature(self, name: FeatureName) -> Feature:
        """What was found out about one of the closed set."""
        return next(feature for feature in self.features if feature.name == name)


class Unmet(msgspec.Struct, frozen=True):
    """Something that was required and is not there."""

    name: str
    detail: str
    remedy: str


@functools.cache
def probe() -> Report:
    """Try what works on this machine; the answer is kept for the life of the process.

    Blocks for a few hundredths of a second.
    """
    return judge(attempt(), switches())


def attempt() -> Trials:
    """Try everything, in processes of their own.

    What cannot even be tried counts as failed.
    """
    found = bubblewrap.find()
    why_not = bubblewrap.attempt(found) if found else "not installed"
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; from podd.sandbox.trial import main"
    )
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-I",
                "-S",
                "-c",
                f"{code}; main()",
                str(Path(__file__).parents[2]),
            ],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRIAL_SECONDS,
        )
        trials = msgspec.json.decode(done.stdout, type=Trials)
    except (OSError, subprocess.TimeoutExpired, msgspec.DecodeError) as error:
        return _nothing_tried(f"could not be tried ({error})", why_not)
    return msgspec.structs.replace(trials, bubblewrap=why_not)


def judge(trials: Trials, found: Switches) -> Report:
    """Say what follows from the attempts.

    Args:
        trials: what came of them.
        found: switches of the kernel that explain a refusal.
    """
    works = {name: not _fault(trials, name) for name in get_args(FeatureName)}
    means = next(
        (
            candidate
            for candidate, needed in _NEEDED.items()
            if all(works[name] for name in needed)
        ),
        None,
    )
    # Bubblewrap was tried with it, and a filter can refuse all sockets.
    works["network"] = works["network"] if means == "namespaces" else means is not None
    return Report(
        means=means,
        features=tuple(
            Feature(
                name=name,
                works=works[name],
                detail=_good_for(name, trials, means)
                if works[name]
                else _fault(trials, name) or "no means to hold a command",
                remedy="" if works[name] else remedy(name, _fault(trials, name), found),
            )
            for name in get_args(FeatureName)
        ),
        gaps=_gaps(means, works, trials.landlock_abi),
        costs=_costs(means, trials),
        landlock_abi=trials.landlock_abi,
    )


def unmet(report: Report, require: Iterable[str]) -> list[Unmet]:
    """What is required and does not work here, in the order of `require`.

    Args:
        report: of this machine.
        require: words of `FeatureName`; another is never met.
    """
    known: dict[str, Feature] = {one.name: one for one in report.features}
    missing = []
    for name in require:
        if name not in known:
            offered = ", ".join(get_args(FeatureName))
            missing.append(Unmet(name, "nothing is called that", f"one of {offered}"))
        elif not known[name].works:
            missing.append(Unmet(name, known[name].detail, known[name].remedy))
    return missing


def _fault(trials: Trials, name: FeatureName) -> str:
    if name != "landlock_scope":
        return str(getattr(trials, name))
    if trials.landlock:
        return trials.landlock
    if trials.landlock_abi < landlock.SCOPED_SINCE:
        return f"ABI {trials.landlock_abi}, {landlock.SCOPED_SINCE} has it"
    return ""


def _good_for(name: FeatureName, trials: Trials, means: Means | None) -> str:
    if name == "landlock":
        return f"ABI {trials.landlock_abi}"
    if name == "network" and means == "landlock":
        return "can be denied, by refusing all sockets"
    return {
        "namespaces": "a root of its own for each command",
        "pid_namespaces": "what a command starts ends with it",
        "proc": "each command has its own",
        "network": "can be denied",
        "landlock_scope": "signals and abstract sockets stay inside",
        "seccomp": "system calls can be refused",
        "bubblewrap": "can make a sandbox",
        "subreaper": "no orphan gets away",
    }[name]


def _gaps(
    means: Means | None, works: dict[FeatureName, bool], abi: int
) -> tuple[str, ...]:
    gaps: list[str] = []
    match means:
        case "namespaces":
            if not works["landlock_scope"]:
                gaps.append(_ABSTRACT_SOCKETS)
            # Before, it would forbid more than the mounts do, so it is left out.
            if not works["landlock"] or abi < landlock.MOVING_SINCE:
                gaps.append(_NO_SECOND_WALL)
            if not works["network"]:
                gaps.append("the network cannot be denied")
        case "bubblewrap":
            # Landlock cannot be put around it: it could not mount any more.
            gaps += [_ABSTRACT_SOCKETS, _NO_SECOND_WALL]
        case "landlock":
            gaps += [
                "names, sizes, times and links outside the scope can be seen (stat)",
                "other processes can be listed, with their command lines",
                "a .git or .podd can be made where there is none, with hooks in it",
            ]
            if not works["landlock_scope"]:
                gaps.append("signals can be sent to other processes of this user")
        case None:
            gaps.append("commands run with nothing but the rights of this user")
    return tuple(gaps)


_NO_SECOND_WALL: Final = "behind the mounts stands no second wall (Landlock)"

_PINNED_DIRECTORIES: Final = (
    "in a directory that leads to a read-only, hidden or lent one nothing can be made, "
    "removed or renamed, and above a hidden one nothing can be listed"
)

_ABSTRACT_SOCKETS: Final = (
    "abstract Unix sockets of this machine can be reached unless the network is denied"
)


def _costs(means: Means | None, trials: Trials) -> tuple[str, ...]:
    if means == "namespaces" and trials.proc:
        return ("commands have no /proc, so ps and some runtimes fail",)
    if means == "bubblewrap":
        return ("TMPDIR and HOME are empty again for each command",)
    if means != "landlock":
        return ()
    costs = [
        *seccomp.COSTS,
        "where a network is denied, " + seccomp.NETWORK_COST,
        "no pseudo-terminal can be made, so script, expect and ssh -t fail",
        "semaphores in /dev/shm fail, so Python's multiprocessing does in part",
        _PINNED_DIRECTORIES,
    ]
    if trials.landlock_abi < landlock.MOVING_SINCE:
        costs.append("files cannot be linked or renamed into another directory")
    return tuple(costs)


def _nothing_tried(why: str, bubblewrap_fault: str) -> Trials:
    return Trials(
        namespaces=why,
        pid_namespaces=why,
        proc=why,
        network=why,
        landlock=why,
        seccomp=why,
        subreaper=why,
        bubblewrap=bubblewrap_fault,
    )
