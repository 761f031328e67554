from __future__ import annotations

from podd.sandbox.grants import grants_of
from podd.sandbox.plan import Mount, Placeholder, Plan


def _grants(*mounts, placeholders=()):
    plan = Plan(
        mounts=mounts,
        placeholders=placeholders,
        writable=(),
        network="allow",
        cwd="/w",
        home="/home/me",
        temporary="/tmp",
    )
    return grants_of(plan, private=("/private",))


def _bind(path, *, writable=False):
    return Mount(kind="bind", path=path, writable=writable)


def test_what_is_shown_is_run_and_what_is_written_is_both():
    grants = _grants(_bind("/usr"), _bind("/w", writable=True))

    assert grants.write[:2] == ("/w", "/private")
    assert "/dev/null" in grants.write
    assert grants.execute == ("/usr", "/w", "/private", "/proc")
    assert (grants.read_only, grants.hidden) == ((), ())


def test_holes_are_named_and_their_ancestors_are_no_grants_of_their_own():
    grants = _grants(
        _bind("/w", writable=True),
        _bind("/w/a", writable=True),
        _bind("/w/a/hole"),
        Mount(kind="pin", path="/w/link", directory=False),
        Mount(kind="mask", path="/w/secret"),
        Mount(kind="empty", path="/w/closed", listed=False),
        _bind("/w/a/hole/open", writable=True),
    )

    assert grants.write[:2] == ("/w", "/w/a/hole/open")
    assert grants.read_only == ("/w/a/hole", "/w/link")
    assert grants.hidden == ("/w/secret", "/w/closed")


def test_what_is_protected_and_missing_cannot_be_held_what_was_asked_for_is():
    grants = _grants(
        _bind("/w", writable=True),
        _bind("/w/.podd"),
        _bind("/w/asked"),
        placeholders=(
            Placeholder("/w/.podd", directory=True),
            Placeholder("/w/asked", directory=True, declared=True),
        ),
    )

    assert grants.read_only == ("/w/asked",)
