"""Holes: what is read-only, hidden or lent inside what may be written."""

from __future__ import annotations

import os

from podd.core.scope.lending import narrowed
from podd.core.scope.rules import Rule, Scope
from podd.sandbox.settings import Means
from tests.sandbox.escape_attempt import (
    HOLE,
    PINS,
    PLACEHOLDERS,
    Attempt,
    Defence,
    altered,
    leaked,
)
from tests.sandbox.escape_world import World

_HOLE = "scope/a/b/hole"

_WRITES = {
    "write": "echo x > a/b/hole/file",
    "append": "echo x >> a/b/hole/file",
    "new": "echo x > a/b/hole/new",
    "remove": "rm -f a/b/hole/file",
    "remove-tree": "rm -rf a/b/hole",
    "move-out": "mv a/b/hole/file elsewhere",
    "move-over": "echo x > n; mv n a/b/hole/file",
    "rename": "mv a/b/hole elsewhere",
    "replace-by-directory": "mkdir n; rm -r a/b/hole/file; mv -T n a/b/hole",
    "replace-by-link": "mv a/b/hole o; ln -s /tmp a/b/hole",
    "new-name-of-a-file": "ln a/b/hole/file n && echo x > n",
    "from-inside": "cd a/b/hole && echo x > file",
    "by-dots": "cd a/b/hole && echo x > ../hole/file",
    "by-link": "ln -s a/b/hole l; echo x > l/file",
    "by-proc-cwd": "echo x > /proc/self/cwd/a/b/hole/file",
    "by-proc-root": "echo x > /proc/self/root$scope/a/b/hole/file",
    "by-descriptor": "exec 7< a/b/hole; echo x > /dev/fd/7/file",
    "truncate": "truncate -s 0 a/b/hole/file",
    "git-clean": "git init -q a/g; git -C a/g --work-tree=../b/hole clean -fdxq",
    "tar": "echo x > n; tar -cPf t --transform 's,^,a/b/hole/,' n; tar -xPf t",
}

#: Over the directories above it, which may be written.
_ANCESTORS = {
    "parent-renamed": "mv a/b other",
    "grandparent-renamed": "mv a other",
    "renamed-and-made-anew": "mv a o && mkdir -p a/b/hole && echo x > a/b/hole/file",
    "renamed-and-made-a-link": "mv a other && ln -s other a",
    "renamed-over": "mkdir n; mv -T a n",
    "renamed-from-inside": "cd a/b && mv ../../a ../../other",
}

_HIDDEN = {
    "cat": "cat secret/key",
    "list": "ls -R secret; echo secret/*",
    "link": "ln -s secret/key l; cat l",
    "hard-link": "ln secret/key l; cat l",
    "copy": "cp -r secret copy; cat copy/key",
    "grep": "grep -rh secret .",
    "tar": "tar -cf - . | tar -xOf -",
    "move": "mv secret other; cat other/key",
    "chmod": "chmod 777 secret; cat secret/key",
    "proc": "cat /proc/self/cwd/secret/key /proc/self/root$scope/secret/key",
    "inside": "cd secret && cat key",
}

_MISSING = {
    "made": "mkdir -p later/hole && echo x > later/hole/file",
    "made-a-file": "mkdir -p later; echo x > later/hole",
    "made-a-link": "mkdir -p later; ln -s $beside later/hole",
    "parent-replaced": (
        "mv later o; rm -r later; mkdir -p later/hole; echo x > later/hole/f"
    ),
    "parent-a-link": "rm -r later; mv later o; ln -sT /tmp later",
}

_STAYS: dict[Means, str] = {
    "landlock": "a .git or .podd can be made where there is none, with hooks in it"
}


def _hole(world: World) -> None:
    world.file(f"{_HOLE}/file")
    world.facts["way"] = _way(world)
    # What leads to it belongs to it: a way that is renamed leads elsewhere.
    world.watched += [world.scope / "a/b/hole"]


def _way(world: World) -> list[int]:
    return [
        path.lstat().st_ino
        for name in ("a", "a/b", "a/b/hole", "a/b/hole/file")
        if os.path.lexists(path := world.scope / name)
    ]


def _led_away(world: World, output: str) -> bool:
    return _way(world) != world.facts["way"]


def _secret(world: World) -> None:
    world.file("scope/secret/key")
    (world.scope / "secret" / world.secret).touch()


def _lend(world: World) -> None:
    world.file("scope/lent/file")
    loan = Scope(rules=(Rule(path=str(world.scope / "lent"), access="write"),))
    world.rules = narrowed(Scope(rules=world.rules), (loan,)).rules
    world.watched.append(world.scope / "lent")


def _single(world: World) -> None:
    world.file("given/file", "")
    world.file("given/other")
    world.rules += (Rule(path=str(world.root / "given/file"), access="write"),)
    world.watched.append(world.root / "given/other")


def _shallow(world: World) -> None:
    world.file("flat/file")
    world.file("flat/sub/file")
    world.rules += (
        Rule(path=str(world.root / "flat"), access="write", recursive=False),
    )
    world.watched.append(world.root / "flat")


def _link_as_hole(world: World) -> None:
    world.file("scope/target/file")
    (world.scope / "link").symlink_to("target")


def _nested(world: World) -> None:
    world.file("scope/secret/open/file", "")
    world.file("scope/secret/key")


def _read_only(world: World) -> None:
    world.file("given/file")
    world.rules += (Rule(path=str(world.root / "given"), access="read"),)
    world.watched.append(world.root / "given")


_DEEP = Defence(
    name="a rule that is not recursive gives commands no writing",
    rules=lambda world: tuple(
        Rule(path=rule.path, access=rule.access) for rule in world.rules
    ),
)
_WRITE_ONLY_FILE = Defence(
    name="a rule that names a file gives that file",
    rules=lambda world: (
        *world.rules,
        Rule(path=str(world.root / "given"), access="write"),
    ),
)

ATTEMPTS = (
    *(
        Attempt(
            name=f"hole-{name}",
            how=how,
            prepare=_hole,
            proof=altered,
            holes={_HOLE: "read_only"},
            without=(HOLE,),
        )
        for name, how in _WRITES.items()
    ),
    *(
        Attempt(
            name=f"hole-{name}",
            how=how,
            prepare=_hole,
            proof=_led_away,
            holes={_HOLE: "read_only"},
            without=(PINS,),
        )
        for name, how in _ANCESTORS.items()
    ),
    Attempt(
        name="hole-exchanged",
        how="os.mkdir('n')\nsyscall({'x86_64': 316}.get(os.uname().machine, 276), -100,"
        " b'n', -100, b'a', 2)",
        is_python=True,
        prepare=_hole,
        proof=_led_away,
        holes={_HOLE: "read_only"},
        without=(PINS,),
    ),
    *(
        Attempt(
            name=f"hidden-{name}",
            how=how,
            prepare=_secret,
            proof=leaked,
            holes={"scope/secret": "hidden"},
            without=(HOLE,),
        )
        for name, how in _HIDDEN.items()
    ),
    Attempt(
        name="hidden-written",
        how="echo x > secret/new; rm -f secret/key; rmdir secret; mv secret other",
        prepare=_secret,
        proof=altered,
        holes={"scope/secret": "hidden"},
        without=(HOLE,),
    ),
    Attempt(
        name="hidden-file",
        how="cat key; chmod 777 key; cat key; mv key other; cat other",
        prepare=lambda world: world.file("scope/key"),
        proof=leaked,
        holes={"scope/key": "hidden"},
        without=(HOLE,),
    ),
    Attempt(
        name="hidden-around-something-given",
        how="cat secret/open/../key; cd secret/open && cat ../key; ls ..",
        prepare=_nested,
        proof=leaked,
        holes={"scope/secret": "hidden", "scope/secret/open": "write"},
        without=(HOLE,),
    ),
    Attempt(
        name="hidden-in-something-read",
        how="cat $root/given/file",
        prepare=_read_only,
        proof=leaked,
        holes={"given/file": "hidden"},
        without=(HOLE,),
    ),
    *(
        Attempt(
            name=f"missing-hole-{name}",
            how=how,
            proof=altered,
            holes={"scope/later/hole": "read_only"},
            prepare=lambda world: world.watched.append(world.scope / "later"),
            without=(PLACEHOLDERS,),
        )
        for name, how in _MISSING.items()
    ),
    Attempt(
        name="missing-hidden-made",
        how="echo x > later; mkdir later",
        proof=altered,
        holes={"scope/later": "hidden"},
        without=(PLACEHOLDERS,),
    ),
    *(
        Attempt(
            name=f"lent-{name}",
            how=how,
            prepare=_lend,
            proof=altered,
            without=(HOLE,),
        )
        for name, how in {
            "write": "echo x > lent/file",
            "new": "touch lent/new",
            "rename": "mv lent mine",
            "remove": "rm -rf lent",
            "from-inside": "cd lent; echo x > file",
            "link": "ln -s lent l; echo x > l/new",
            "hard-link": "ln lent/file n && echo x > n",
            "repository": "git init -q lent",
        }.items()
    ),
    Attempt(
        name="link-that-is-a-hole",
        how="rm link; ln -sfT /tmp link; mkdir n; mv -T n link",
        prepare=_link_as_hole,
        proof=altered,
        holes={"scope/link": "read_only"},
        without=(HOLE,),
    ),
    Attempt(
        name="single-file-sibling-read",
        how="cat $root/given/other",
        prepare=_single,
        proof=leaked,
        without=(_WRITE_ONLY_FILE,),
    ),
    Attempt(
        name="single-file-sibling-written",
        how="echo x > $root/given/other; touch $root/given/new",
        prepare=_single,
        proof=altered,
        without=(_WRITE_ONLY_FILE,),
    ),
    Attempt(
        name="single-file-replaced",
        how="rm $root/given/file; mv $root/given/file n",
        prepare=_single,
        proof=lambda world, output: not (world.root / "given/file").exists(),
        without=(_WRITE_ONLY_FILE,),
    ),
    Attempt(
        name="flat-rule-written",
        how="echo x > $root/flat/file; touch $root/flat/new; mkdir $root/flat/d",
        prepare=_shallow,
        proof=altered,
        without=(_DEEP,),
    ),
    Attempt(
        name="flat-rule-read-below",
        how="cat $root/flat/sub/file",
        prepare=_shallow,
        proof=leaked,
        without=(_DEEP,),
    ),
    Attempt(
        name="read-rule-written",
        how="echo x > $root/given/file; touch $root/given/new",
        prepare=_read_only,
        proof=altered,
        without=(_WRITE_ONLY_FILE,),
    ),
)
