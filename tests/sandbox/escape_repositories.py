"""What git and podd obey: who may write it runs programs as the user, outside."""

from __future__ import annotations

import subprocess

from podd.sandbox.settings import Means
from tests.sandbox.escape_attempt import (
    GUARDS,
    HOLE,
    PINS,
    Attempt,
    altered,
    program,
)
from tests.sandbox.escape_world import World

_GIT = (program("git"),)

#: A program that git is to run for the user; it leaves a mark outside the scope.
#: A copy can be run where no mode can be set.
_TRAP = (
    'trap="$scope/trap"; cp /bin/true trap;'
    ' printf "#!/bin/sh\\ntouch $root/pwned\\n" > trap\n'
)

_CAN_BE_MADE: dict[Means, str] = {
    "landlock": "a .git or .podd can be made where there is none, with hooks in it"
}


def _obeyed(world: World, output: str) -> bool:
    """What a user does who looks at the work; whether a trap was sprung by it."""
    for place in world.facts.get("places", ("scope",)):  # type: ignore[attr-defined]
        for words in (["status"], ["commit", "-q", "--allow-empty", "-m", "x"]):
            subprocess.run(
                ["git", "-C", world.root / place, *words],
                check=False,
                env=world.plain(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
                timeout=20,
            )
    return (world.root / "pwned").exists()


def _repository(world: World) -> None:
    world.repository()


def _nested(world: World) -> None:
    world.repository()
    world.repository("scope/sub/deep")
    world.facts["places"] = ("scope", "scope/sub/deep")


def _only_nested(world: World) -> None:
    world.repository("scope/sub/deep")
    world.facts["places"] = ("scope/sub/deep",)


def _git(world: World, *words: str) -> None:
    subprocess.run(["git", *words], check=True, env=world.plain(), cwd=world.scope)


def _submodule(world: World) -> None:
    """As git has one: a file that points into `.git/modules` of the one above."""
    world.repository()
    (world.scope / ".git/modules").mkdir()
    _git(world, "init", "-q", "--separate-git-dir", ".git/modules/sub", "sub")
    world.facts["places"] = ("scope/sub",)


def _file(world: World) -> None:
    """A checkout whose repository lies elsewhere."""
    _git(world, "init", "-q", "--separate-git-dir", str(world.beside / "git"), ".")


def _work_tree_config(world: World) -> None:
    world.repository()
    _git(world, "config", "extensions.worktreeConfig", "true")


def _work_tree(world: World) -> None:
    world.repository()
    _git(world, "commit", "-q", "--allow-empty", "-m", "x")
    _git(world, "worktree", "add", "-q", str(world.beside / "tree"))
    world.facts["places"] = ("beside/tree",)


def _configured_work_tree(world: World) -> None:
    _work_tree(world)
    _git(world, "config", "extensions.worktreeConfig", "true")


def _podd(world: World) -> None:
    world.file("scope/.podd/manifest.toml", "")
    world.watched.append(world.scope / ".podd")


def _deep_podd(world: World) -> None:
    world.file("scope/sub/.podd/manifest.toml", "")
    world.watched.append(world.scope / "sub/.podd")


def _installation(world: World) -> None:
    world.file("scope/venv/lib/podd/module.py")
    world.file("scope/podd.toml")


_CONFIG = (
    "printf '[core]\\nfsmonitor = %s\\nbare = false\\n"
    "repositoryformatversion = 0\\n' $trap"
)
_EVIL = (
    "mkdir -p evil/objects evil/refs; echo ref: refs/heads/x > evil/HEAD; "
    f"{_CONFIG} > evil/config\n"
)

_TRAPS = {
    "hook": (_repository, "cp trap .git/hooks/pre-commit"),
    "hook-linked": (_repository, "ln -s $trap .git/hooks/pre-commit"),
    "hooks-replaced": (
        _repository,
        "mv .git/hooks o; mkdir .git/hooks; cp trap .git/hooks/pre-commit",
    ),
    "config-monitor": (_repository, "git config core.fsmonitor $trap"),
    "config-written": (_repository, f"{_CONFIG} >> .git/config"),
    "config-replaced": (_repository, f"{_CONFIG} > n; mv n .git/config"),
    "config-hooks-path": (
        _repository,
        "mkdir h; cp trap h/pre-commit; git config core.hooksPath $scope/h",
    ),
    "config-of-work-tree": (_work_tree_config, f"{_CONFIG} > .git/config.worktree"),
    "common-directory": (_repository, f"{_EVIL} echo $scope/evil > .git/commondir"),
    "repository-replaced": (
        _repository,
        "mv .git o; cp -r o .git; git config core.fsmonitor $trap",
    ),
    "repository-made-a-file": (
        _repository,
        f"{_EVIL} mv .git o; echo gitdir: evil > .git",
    ),
    "repository-made": (
        lambda world: None,
        "git init -q; git config core.fsmonitor $trap",
    ),
    "repository-made-by-file": (
        lambda world: None,
        f"{_EVIL} echo gitdir: evil > .git",
    ),
    "repository-made-by-link": (lambda world: None, f"{_EVIL} ln -s evil .git"),
    "file-rewritten": (_file, f"{_EVIL} echo gitdir: evil > .git"),
    "file-replaced": (_file, f"{_EVIL} echo gitdir: evil > n; mv n .git"),
    "deep-hook": (_nested, "cp trap sub/deep/.git/hooks/pre-commit"),
    "deep-config": (_only_nested, "git -C sub/deep config core.fsmonitor $trap"),
    "deep-renamed": (
        _only_nested,
        (
            "mv sub o; mkdir sub; cp -r o/deep sub;"
            " git -C sub/deep config core.fsmonitor $trap"
        ),
    ),
    "linked-work-tree": (
        _work_tree,
        f"{_EVIL} echo $scope/evil > .git/worktrees/tree/commondir",
    ),
    "linked-work-tree-replaced": (
        _work_tree,
        (
            f"{_EVIL} cd .git; mv worktrees o; cp -r o worktrees;"
            " echo $scope/evil > worktrees/tree/commondir"
        ),
    ),
    "linked-work-tree-config": (
        _configured_work_tree,
        f"{_CONFIG} > .git/worktrees/tree/config.worktree",
    ),
    "module-config": (
        _submodule,
        "git config -f .git/modules/sub/config core.fsmonitor $trap",
    ),
    "module-hook": (_submodule, "cp trap .git/modules/sub/hooks/pre-commit"),
    "module-file-rewritten": (_submodule, f"{_EVIL} echo gitdir: ../evil > sub/.git"),
}

_BARE = "a directory that looks like a bare repository can be made, and git obeys it"
_NEW = "a repository can be made where there was none, below the scope's own root"

ATTEMPTS = (
    *(
        Attempt(
            name=f"git-{name}",
            how=f"{_TRAP}{how}",
            prepare=prepare,
            proof=_obeyed,
            without=(GUARDS,),
            needs=_GIT,
            gaps=_CAN_BE_MADE
            if name in {"repository-made-by-file", "repository-made-by-link"}
            else {},
        )
        for name, (prepare, how) in _TRAPS.items()
    ),
    *(
        Attempt(
            name=f"git-{name}",
            how=f"{_TRAP}{how}",
            prepare=prepare,
            proof=_obeyed,
            without=(),
            needs=_GIT,
            gaps=dict.fromkeys(("namespaces", "bubblewrap", "landlock"), reason),
        )
        for name, prepare, how, reason in (
            (
                "bare-repository-made",
                lambda world: world.facts.update(places=("scope/b",)),
                f"{_EVIL} mkdir wt; mv evil b; echo worktree = $scope/wt >> b/config",
                _BARE,
            ),
            (
                "repository-made-deeper",
                lambda world: world.facts.update(places=("scope/sub",)),
                f"{_EVIL} mkdir sub; mv evil sub/.git",
                _NEW,
            ),
        )
    ),
    *(
        Attempt(
            name=f"podd-{name}",
            how=how,
            prepare=prepare,
            proof=altered,
            without=(GUARDS,),
        )
        for name, prepare, how in (
            ("manifest-written", _podd, "echo x > .podd/manifest.toml"),
            ("manifest-replaced", _podd, "rm -rf .podd; mkdir .podd"),
            ("directory-renamed", _podd, "mv .podd o"),
            ("deep-manifest-written", _deep_podd, "echo x > sub/.podd/manifest.toml"),
            ("deep-directory-renamed", _deep_podd, "mv sub o"),
        )
    ),
    Attempt(
        name="podd-directory-made",
        how="mkdir -p .podd && echo x > .podd/manifest.toml",
        proof=lambda world, output: (world.scope / ".podd/manifest.toml").exists(),
        without=(GUARDS,),
        gaps=_CAN_BE_MADE,
    ),
    *(
        Attempt(
            name=f"installation-{name}",
            how=how,
            prepare=_installation,
            proof=altered,
            holes={"scope/venv/lib/podd": "read_only", "scope/podd.toml": "read_only"},
            without=(defence,),
        )
        for name, how, defence in (
            ("module-written", "echo x > venv/lib/podd/module.py", HOLE),
            ("module-compiled", "mkdir venv/lib/podd/__pycache__", HOLE),
            ("module-added", "echo x > venv/lib/podd/sitecustomize.py", HOLE),
            ("environment-replaced", "mv venv o; mkdir -p venv/lib/podd", PINS),
            ("manifest-written", "echo x > podd.toml", HOLE),
            ("manifest-replaced", "echo x > n; mv n podd.toml", HOLE),
            ("manifest-removed", "rm -f podd.toml", HOLE),
        )
    ),
)
