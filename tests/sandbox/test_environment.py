from __future__ import annotations

import pytest

from podd.sandbox.environment import command_environment


def _environment(ours, **more):
    return command_environment(ours, **{"home": "/h", "temporary": "/t", **more})


def test_where_nothing_is_set_there_is_a_path_a_home_and_no_terminal():
    assert _environment({}) == {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/h",
        "TMPDIR": "/t",
        "TERM": "dumb",
    }


@pytest.mark.parametrize(
    "name", ["PATH", "LANG", "LC_TIME", "TZ", "USER", "VIRTUAL_ENV"]
)
def test_what_is_harmless_is_passed_on(name):
    assert _environment({name: "x"})[name] == "x"


@pytest.mark.parametrize(
    "name",
    [
        "ANTHROPIC_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "BASH_ENV",
        "DBUS_SESSION_BUS_ADDRESS",
        "ENV",
        "GIT_SSH_COMMAND",
        "LD_PRELOAD",
        "LC",
        "PODD_RUNTIME_DIR",
        "PYTHONSTARTUP",
        "SSH_AUTH_SOCK",
        "XDG_RUNTIME_DIR",
    ],
)
def test_what_may_be_a_key_a_socket_or_a_program_is_passed_on_when_named(name):
    assert name not in _environment({name: "x"})
    assert _environment({name: "x"}, named=[name])[name] == "x"


def test_home_and_tmpdir_are_those_inside_even_when_named():
    chosen = _environment(
        {"HOME": "/real", "TMPDIR": "/real"}, named=["HOME", "TMPDIR", "MISSING"]
    )

    assert (chosen["HOME"], chosen["TMPDIR"]) == ("/h", "/t")
    assert "MISSING" not in chosen
