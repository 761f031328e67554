"""Keys and sessions: in environments, in podd's own places, at home, in /etc."""

from __future__ import annotations

from pathlib import Path

from podd.core.scope.rules import Rule
from tests.sandbox.escape_attempt import (
    CLOSED,
    ENVIRONMENT,
    MASKS,
    SCOPE,
    Attempt,
    altered,
    as_root,
    leaked,
    told,
)
from tests.sandbox.escape_world import World


def _key(world: World) -> dict[str, str]:
    return {"OPENAI_API_KEY": world.secret}


def _state(world: World) -> None:
    world.file("scope/state/sessions/other/journal.jsonl")
    world.file("scope/state/mine/outputs/one", "mine")
    world.watched.append(world.scope / "state")


def _state_hidden(world: World) -> dict[str, object]:
    return {
        "hidden": (str(world.scope / "state"),),
        "shown": (str(world.scope / "state/mine/outputs"),),
    }


def _linked(world: World) -> None:
    _state(world)
    (world.scope / "link").symlink_to("state/sessions/other/journal.jsonl")


def _runs_at_start(world: World) -> dict[str, str]:
    world.file("scope/start", f"echo in {world.token}\n")
    return {"BASH_ENV": f"{world.scope}/start"}


def _readable_home(world: World) -> None:
    world.file("home/.netrc")
    world.rules += (Rule(path=str(world.home / "project"), access="write"),)
    (world.home / "project").mkdir()
    world.watched = [world.home / ".bashrc", world.home / ".netrc"]


_READ_ENVIRONMENT = {
    "env": "env",
    "set": "set | grep -a KEY=",
    "export": "export -p",
    "proc": "cat /proc/self/environ | tr '\\0' '\\n'",
    "parent": "tr '\\0' '\\n' < /proc/$PPID/environ; cat /proc/1/environ; env",
    "all": "cat /proc/[0-9]*/environ /proc/[0-9]*/task/*/environ | tr '\\0' '\\n'",
    "child": "bash -c 'bash -lc env'",
    "expansion": "echo ${OPENAI_API_KEY} ${!OPENAI*} $(printenv OPENAI_API_KEY)",
}
_READ_STATE = {
    "cat": "cat state/sessions/other/journal.jsonl",
    "grep": "grep -rh secret .",
    "from-outputs": "cd state/mine/outputs && cat ../../sessions/*/journal.jsonl",
    "link": "cat link",
    "moved": "mv state s; cat s/sessions/other/journal.jsonl",
    "copied": "cp -r state s; cat s/sessions/other/journal.jsonl",
    "tar": "tar -cf - state | tar -xOf -",
    "hard-link": "ln state/sessions/other/journal.jsonl j; cat j",
}

ATTEMPTS = (
    *(
        Attempt(
            name=f"key-{name}",
            how=how,
            environment=_key,
            proof=leaked,
            without=(ENVIRONMENT,),
        )
        for name, how in _READ_ENVIRONMENT.items()
    ),
    Attempt(
        name="program-at-the-start-of-a-shell",
        how=":",
        environment=_runs_at_start,
        proof=told,
        without=(ENVIRONMENT,),
    ),
    *(
        Attempt(
            name=f"session-{name}",
            how=how,
            prepare=_linked,
            settings=_state_hidden,
            proof=leaked,
            without=(CLOSED,),
        )
        for name, how in _READ_STATE.items()
    ),
    *(
        Attempt(
            name=f"session-{name}",
            how=how,
            prepare=_state,
            settings=_state_hidden,
            proof=altered,
            without=(CLOSED,),
        )
        for name, how in {
            "written": "echo x > state/sessions/other/journal.jsonl; touch state/new",
            "removed": "rm -rf state",
            "renamed": "mv state s",
            "outputs-renamed": "mv state/mine/outputs s",
        }.items()
    ),
    Attempt(
        name="home-key-beside-a-project",
        how="cat $home/.netrc $home/project/../.netrc ~/.netrc",
        prepare=_readable_home,
        environment=lambda world: {"HOME": str(world.home)},
        proof=leaked,
        without=(SCOPE,),
    ),
    Attempt(
        name="home-written-beside-a-project",
        how="echo x >> $home/.bashrc; echo x >> ~/.bashrc",
        prepare=_readable_home,
        environment=lambda world: {"HOME": str(world.home)},
        proof=altered,
        without=(SCOPE,),
    ),
    Attempt(
        name="passwords",
        how='test -n "$(head -c 1 /etc/shadow)" && echo in $token',
        proof=told,
        without=(MASKS,),
        needs=(as_root, lambda: "" if Path("/etc/shadow").exists() else "no shadow"),
    ),
)
