from __future__ import annotations

import pytest

from podd.core.scope.rules import Rule, Scope
from podd.errors import CommandNotStartedError, OutsideScopeError
from podd.sandbox.facts import Facts
from podd.sandbox.plan import Placeholder
from podd.sandbox.planning import make_plan
from podd.sandbox.settings import SandboxSettings


def _plan(
    *rules, directories=(), files=(), links=None, settings=None, cwd="/w", **facts
):
    """A plan on a disk where these lie, with the directories above them."""
    links = links or {}
    kinds = dict.fromkeys(files, "file") | dict.fromkeys(links, "link")
    for path in (*directories, *files, *links, "/w"):
        above = path if path in directories else path.rpartition("/")[0]
        while above:
            kinds.setdefault(above, "directory")
            above = above.rpartition("/")[0]
    kinds |= {"/w": "directory", "/": "directory"}
    found = Facts(
        **{
            "kinds": kinds,
            "readable": (),
            "links": links,
            "home": "/home/me",
            **facts,
        }
    )
    scope = Scope(
        rules=tuple(
            Rule(path=path, access=access, recursive=access != "shallow")
            if access != "shallow"
            else Rule(path=path, access="write", recursive=False)
            for path, access in rules
        )
    )
    return make_plan(scope, settings or SandboxSettings(), found, cwd)


def _steps(plan, *, leave=("/proc", "/dev", "/dev/shm", "/tmp", "/home/me")):
    """What is done, as (kind, path), without what every plan has."""
    return [
        (mount.kind if not mount.writable else "write", mount.path)
        for mount in plan.mounts
        if mount.path not in leave
    ]


#: `.git` and `.podd` of the write path, which are missing in most of these.
GUARDS = [("bind", "/w/.git"), ("bind", "/w/.podd")]


def test_what_is_written_is_given_and_what_git_and_podd_obey_is_held():
    plan = _plan(("/w", "write"))

    assert _steps(plan) == [("write", "/w"), *GUARDS]
    assert plan.placeholders == (
        Placeholder("/w/.git", directory=True),
        Placeholder("/w/.podd", directory=True),
    )
    assert set(plan.writable) == {"/w", "/tmp", "/home/me", "/dev/shm"}


def test_what_is_only_read_needs_no_placeholder():
    plan = _plan(("/w", "read"), ("/w/missing", "hidden"), ("/w/.git", "read_only"))

    assert _steps(plan) == [("bind", "/w")]
    assert plan.placeholders == ()


def test_a_hole_takes_its_ancestors_with_it_from_the_top_down():
    plan = _plan(
        ("/w", "write"),
        ("/w/a/b/hole", "read_only"),
        directories=["/w/a/b/hole", "/w/.git"],
    )

    steps = _steps(plan)

    assert [step for step in steps if "/.git" not in step[1]] == [
        ("write", "/w"),
        ("bind", "/w/.podd"),
        ("write", "/w/a"),
        ("write", "/w/a/b"),
        ("bind", "/w/a/b/hole"),
    ]


def test_a_shallow_mount_never_covers_a_deeper_one():
    plan = _plan(
        ("/w", "write"),
        ("/w/a/b/c", "read_only"),
        ("/w/a/x", "hidden"),
        ("/w/a/b/c/d", "write"),
        directories=["/w/a/b/c/d", "/w/a/x"],
    )
    paths = [mount.path for mount in plan.mounts]

    assert all(
        paths.index(above) < paths.index(path)
        for path in paths
        for above in paths
        if path != above and path.startswith(above.rstrip("/") + "/")
    )
    assert ("write", "/w/a/b/c/d") in _steps(plan)


def test_a_missing_hole_is_given_a_placeholder_that_says_it_was_asked_for():
    plan = _plan(("/w", "write"), ("/w/later/hole", "read_only"))

    assert Placeholder("/w/later/hole", directory=True, declared=True) in (
        plan.placeholders
    )
    assert ("write", "/w/later") in _steps(plan)


def test_in_a_repository_each_name_that_git_obeys_is_held():
    plan = _plan(
        ("/w", "write"),
        directories=["/w/.git/hooks", "/w/sub/.git"],
        files=["/w/.git/config"],
        marks=("/w/.git", "/w/sub/.git"),
    )
    held = [step for step in _steps(plan) if step[0] == "bind"]
    made = {holder.path: holder for holder in plan.placeholders}

    for root in ("/w", "/w/sub"):
        names = ("hooks", "config", "config.worktree", "commondir", "modules")
        assert {("bind", f"{root}/.git/{name}") for name in names} <= set(held)
        assert ("write", f"{root}/.git") in _steps(plan)
    assert "/w/.git/hooks" not in made
    assert "/w/.git/config" not in made
    assert made["/w/sub/.git/config"].directory is False
    assert made["/w/.git/commondir"].content == ".\n"
    assert made["/w/.git/modules"].directory is True


def test_who_names_something_protected_in_a_write_rule_may_write_it():
    plan = _plan(
        ("/w", "write"),
        ("/w/.git/hooks", "write"),
        directories=["/w/.git/hooks"],
        marks=("/w/.git",),
    )

    assert ("bind", "/w/.git/hooks") not in _steps(plan)
    assert ("bind", "/w/.git/config") in _steps(plan)


@pytest.mark.parametrize("what", ["file", "link"])
def test_a_git_that_is_no_directory_is_held_as_it_is(what):
    found = {"files": ["/w/.git"]} if what == "file" else {"links": {"/w/.git": "../g"}}

    plan = _plan(("/w", "write"), marks=("/w/.git",), **found)

    kind = {"file": "bind", "link": "pin"}[what]
    assert (kind, "/w/.git") in _steps(plan)
    assert "/w/.git" not in [holder.path for holder in plan.placeholders]


def test_a_hole_below_a_file_is_refused_and_names_it():
    with pytest.raises(CommandNotStartedError) as caught:
        _plan(("/w", "write"), ("/w/file/x/hole", "hidden"), files=["/w/file"])

    assert "/w/file " in caught.value.reason


@pytest.mark.parametrize(
    ("cwd", "rules"),
    [
        ("/elsewhere", [("/w", "write")]),
        ("/w/hidden", [("/w", "write"), ("/w/hidden", "hidden")]),
        ("/w/missing", [("/w", "write")]),
    ],
)
def test_a_directory_that_is_not_to_be_seen_is_none_to_start_in(cwd, rules):
    with pytest.raises(OutsideScopeError) as caught:
        _plan(*rules, directories=["/elsewhere", "/w/hidden"], cwd=cwd)

    assert caught.value.path == cwd


def test_what_is_closed_goes_before_the_scope_and_what_is_shown_before_both():
    plan = _plan(
        ("/", "write"),
        directories=["/run/podd", "/state/outputs"],
        closed=("/run/podd", "/state"),
        settings=SandboxSettings(shown=("/state/outputs",)),
    )
    by_path = {mount.path: mount for mount in plan.mounts}

    assert plan.mounts[0].path == "/"
    assert by_path["/run/podd"].kind == "mask"
    assert by_path["/run"].writable
    assert (by_path["/state"].kind, by_path["/state"].listed) == ("empty", False)
    assert not by_path["/state/outputs"].writable
    assert by_path["/state/outputs"].make


def test_what_is_closed_and_nowhere_shown_needs_no_step():
    plan = _plan(("/w", "write"), directories=["/run/podd"], closed=("/run/podd",))

    assert "/run/podd" not in [mount.path for mount in plan.mounts]


def test_the_system_is_read_only_and_the_scope_goes_before_it():
    plan = _plan(
        ("/w", "write"),
        ("/usr/mine", "write"),
        ("/usr/secret", "hidden"),
        ("/usr", "read"),
        directories=["/usr/mine", "/usr/secret", "/w/venv"],
        readable=("/usr", "/w/venv"),
    )
    steps = _steps(plan)

    assert ("bind", "/usr") in steps
    assert ("write", "/usr/mine") in steps
    assert ("mask", "/usr/secret") in steps
    assert "/w/venv" not in [path for _, path in steps]


def test_links_to_what_is_readable_are_made_where_nothing_lies_yet():
    plan = _plan(
        ("/w", "write"),
        directories=["/usr", "/tools/bin"],
        links={"/bin": "usr/bin", "/usr/x": "y"},
        readable=("/usr", "/tools/bin"),
    )
    by_path = {mount.path: mount for mount in plan.mounts}

    assert (by_path["/bin"].kind, by_path["/bin"].source) == ("link", "usr/bin")
    assert "/usr/x" not in by_path


def test_what_is_not_recursive_is_shown_entry_by_entry_and_not_written():
    plan = _plan(
        ("/w", "read"),
        ("/flat", "shallow"),
        directories=["/flat/sub"],
        files=["/flat/file"],
        links={"/flat/link": "file"},
        entries=("/flat/sub", "/flat/file", "/flat/link"),
    )

    assert [step for step in _steps(plan) if "flat" in step[1]] == [
        ("empty", "/flat"),
        ("bind", "/flat/file"),
        ("link", "/flat/link"),
        ("empty", "/flat/sub"),
    ]


def test_a_single_file_is_given_alone():
    plan = _plan(("/w", "read"), ("/x/file", "write"), files=["/x/file"])
    (mount,) = (mount for mount in plan.mounts if mount.path == "/x/file")

    assert (mount.writable, mount.directory, mount.make) == (True, False, True)
    assert plan.placeholders == ()


@pytest.mark.parametrize(
    ("rules", "home", "temporary", "private"),
    [
        ([], "/home/me", "/tmp", {"/home/me", "/tmp", "/dev/shm"}),
        ([("/home/me", "write")], "/home/me", "/tmp", {"/tmp", "/dev/shm"}),
        ([("/home", "read")], "/dev/shm/home", "/tmp", {"/tmp", "/dev/shm"}),
        ([("/tmp", "write")], "/home/me", "/tmp", {"/home/me", "/dev/shm"}),
        ([("/tmp", "read")], "/home/me", "/dev/shm/tmp", {"/home/me", "/dev/shm"}),
        ([("/", "read")], "/dev/shm/home", "/dev/shm/tmp", {"/dev/shm"}),
    ],
)
def test_home_and_tmpdir_are_private_unless_the_scope_covers_them(
    rules, home, temporary, private
):
    plan = _plan(("/w", "write"), *rules, directories=["/home/me", "/tmp"])

    assert (plan.home, plan.temporary) == (home, temporary)
    assert {mount.path for mount in plan.mounts if mount.kind == "private"} == private


@pytest.mark.parametrize("home", ["/", "/tmp", "/dev/me", "/proc"])
def test_a_home_where_none_can_be_put_lies_in_memory(home):
    plan = _plan(("/w", "write"), directories=["/tmp"], home=home)

    assert plan.home == "/dev/shm/home"


def test_a_home_above_the_scope_keeps_the_scope_visible():
    plan = _plan(
        ("/w", "write"), ("/home/me/work", "write"), directories=["/home/me/work"]
    )
    by_path = {mount.path: mount for mount in plan.mounts}

    assert by_path["/home/me"].kind == "private"
    assert by_path["/home/me/work"].writable
    assert by_path["/home/me/work"].make


def test_whoever_may_write_everything_may_still_not_set_the_machine():
    plan = _plan(("/", "write"), directories=["/sys", "/dev", "/proc"])
    by_path = {mount.path: mount for mount in plan.mounts}

    assert (by_path["/sys"].kind, by_path["/sys"].writable) == ("bind", False)
    assert by_path["/proc"].kind == "processes"
    assert by_path["/dev"].kind == "devices"


def test_the_network_is_as_the_settings_say():
    assert _plan(("/w", "read")).network == "allow"
    denied = SandboxSettings(network="deny")
    assert _plan(("/w", "read"), settings=denied).network == "deny"


def test_what_is_hidden_stays_hidden_where_only_the_system_gives_it():
    plan = _plan(
        ("/w", "read"),
        ("/tools/keys", "hidden"),
        directories=("/tools", "/tools/keys"),
        readable=("/tools",),
    )

    assert _steps(plan) == [("bind", "/tools"), ("bind", "/w"), ("mask", "/tools/keys")]
