from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from podd.core.scope.rules import Rule, Scope
from podd.errors import CommandNotStartedError
from podd.sandbox import sockets, survey
from podd.sandbox.settings import SandboxSettings
from podd.sandbox.sockets import listening_places
from podd.sandbox.survey import Survey


@pytest.fixture
def root(tmp_path):
    made = tmp_path.resolve()
    for name in ("w/.git", "w/sub/.git", "home", "flat/sub"):
        (made / name).mkdir(parents=True)
    (made / "flat/file").touch()
    (made / "flat/link").symlink_to("file")
    return made


def _look(root, *rules, settings=None, **environment):
    ground = Survey(
        settings or SandboxSettings(),
        {"PATH": "/usr/bin", "HOME": str(root / "home"), **environment},
    )
    scope = Scope(
        rules=tuple(Rule(path=str(root / it), access=how) for it, how in rules)
    )
    return ground.look(scope, str(root))


def test_it_says_what_lies_where(root):
    facts = _look(
        root, ("w", "write"), ("w/missing", "hidden"), ("flat/link", "hidden")
    )

    assert facts.kind(str(root / "w")) == "directory"
    assert facts.kind(str(root / "w/missing")) == "missing"
    assert facts.kind(str(root / "flat/link")) == "link"
    assert facts.kind("/") == "directory"
    assert facts.home == str(root / "home")


def test_it_finds_what_is_protected_below_write_paths_alone(root):
    assert _look(root, ("w", "write")).marks == (
        str(root / "w/.git"),
        str(root / "w/sub/.git"),
    )
    assert _look(root, ("w", "read")).marks == ()
    assert _look(root, ("w", "write"), ("w/sub", "read_only")).marks == (
        str(root / "w/.git"),
    )


def test_it_lists_what_is_given_without_what_lies_below(root):
    scope = Scope(
        rules=(Rule(path=str(root / "flat"), access="read", recursive=False),)
    )

    facts = Survey(SandboxSettings(), {"HOME": str(root)}).look(scope, str(root))

    assert sorted(facts.entries) == [
        str(root / "flat" / name) for name in ("file", "link", "sub")
    ]
    assert facts.links[str(root / "flat/link")] == "file"
    assert facts.kind(str(root / "flat/sub")) == "directory"


def test_a_directory_that_is_too_large_to_be_listed_is_refused(root, monkeypatch):
    monkeypatch.setattr(survey, "MOST_SHALLOW_ENTRIES", 2)
    scope = Scope(
        rules=(Rule(path=str(root / "flat"), access="read", recursive=False),)
    )

    with pytest.raises(CommandNotStartedError) as caught:
        Survey(SandboxSettings(), {"HOME": str(root)}).look(scope, str(root))

    assert str(root / "flat") in caught.value.reason


def test_what_podd_hides_is_closed(root):
    settings = SandboxSettings(hidden=(str(root / "state"),))

    assert str(root / "state") in _look(root, settings=settings).closed


@pytest.mark.skipif(os.geteuid() != 0, reason="others cannot read it anyhow")
def test_what_root_alone_may_read_of_the_system_is_closed(root):
    closed = _look(root).closed

    assert "/etc/shadow" in closed
    assert "/etc/passwd" not in closed
    for path in closed:
        if path.startswith("/etc/"):
            mode = Path(path).lstat().st_mode
            assert not mode & stat.S_IROTH or not mode & stat.S_IXOTH


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SSH_AUTH_SOCK", "{0}/sock"),
        ("DBUS_SESSION_BUS_ADDRESS", "unix:path={0}/sock,guid=1"),
        ("DBUS_SESSION_BUS_ADDRESS", "tcp:host=x;unix:path={0}/sock"),
        ("DOCKER_HOST", "unix://{0}/sock"),
        ("TMUX", "{0}/sock,12,0"),
        ("XDG_RUNTIME_DIR", "{0}/sock"),
    ],
)
def test_sockets_that_the_environment_names_are_closed(root, variable, value):
    (root / "sock").touch()

    places = listening_places({variable: value.format(root)}, str(root / "home"))

    assert str(root / "sock") in places


@pytest.mark.parametrize(
    "value", ["", "/", "relative/sock", "tcp:host=x", "/missing/x"]
)
def test_what_names_no_socket_closes_nothing_more(root, value, monkeypatch):
    monkeypatch.setattr(sockets, "_PLACES", ())
    monkeypatch.setattr(sockets, "_TMP", str(root / "missing"))

    assert listening_places({"SSH_AUTH_SOCK": value}, str(root / "home")) == []


def test_the_runtime_directories_of_podd_are_closed_and_nothing_of_a_like_name(
    root, monkeypatch
):
    monkeypatch.setattr(sockets, "_PLACES", ())
    monkeypatch.setattr(sockets, "_TMP", str(root))
    for name in ("podd-0", "podd-1000", "podd-work", "podd-8x", "podd-1000-x"):
        (root / name).mkdir()
    (root / "podd-0-0123456789ab").symlink_to("podd-work")

    assert set(listening_places({}, str(root / "home"))) == {
        str(root / name) for name in ("podd-0", "podd-1000", "podd-work")
    }


def test_sockets_of_agents_at_home_are_closed(root):
    (root / "home/.gnupg").mkdir()
    (root / "home/.gnupg/S.gpg-agent").touch()

    assert str(root / "home/.gnupg/S.gpg-agent") in listening_places(
        {}, str(root / "home")
    )
