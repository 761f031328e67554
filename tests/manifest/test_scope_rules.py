from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
import pytest

import podd
import podd_protocol
from podd.core.scope.explanation import ScopeIndex
from podd.core.scope.rules import Rule

MODEL = '[model]\nref = "openai_chat/m"\n'
INSTALLATION = Path(str(podd.__file__)).parent
PROTOCOL = Path(str(podd_protocol.__file__)).parent


def test_without_a_scope_the_workdir_is_read_and_nothing_written(desk) -> None:
    scope = desk.text(MODEL).scope
    assert scope.rules == (Rule(str(desk.directory), "read"),)
    assert scope.mode == "enforce"


def test_a_scope_without_read_reads_the_workdir(desk) -> None:
    scope = desk.text(MODEL + "[scope]\nwrite = ['/x']\n").scope
    assert scope.rules == (Rule(str(desk.directory), "read"), Rule("/x", "write"))


def test_a_scope_may_read_nothing(desk) -> None:
    assert desk.text(MODEL + "[scope]\nread = []\n").scope.rules == ()


def test_all_kinds_of_rules_are_relative_to_the_workdir(desk) -> None:
    work = desk.directory / "work"
    desk.write("work/src/x", "")

    scope = desk.text(
        MODEL + "[pod]\nworkdir = 'work'\n[scope]\nmode = 'off'\n"
        "read = [{ path = 'src', recursive = false }]\n"
        "write = ['notes', { path = '../scratch', recursive = false }]\n"
        "read_only = ['notes/done']\nhidden = ['src/secret']\n"
    ).scope

    assert scope.rules == (
        Rule(f"{work}/src", "read", recursive=False),
        Rule(f"{work}/notes", "write"),
        Rule(f"{desk.directory}/scratch", "write", recursive=False),
        Rule(f"{work}/notes/done", "read_only"),
        Rule(f"{work}/src/secret", "hidden"),
    )
    assert scope.mode == "off"


def test_the_manifest_is_read_only_inside_what_is_writable(desk) -> None:
    index = ScopeIndex(desk.text(MODEL + "[scope]\nwrite = ['.']\n").scope)
    explained = index.explain(f"{desk.directory}/pod.toml")
    assert (explained.readable, explained.writable) == (True, False)
    assert index.explain(f"{desk.directory}/other.toml").writable


def test_the_manifest_is_writable_where_it_is_named(desk) -> None:
    scope = desk.text(MODEL + "[scope]\nwrite = ['.', 'pod.toml']\n").scope
    assert ScopeIndex(scope).explain(f"{desk.directory}/pod.toml").writable


def test_a_linked_manifest_is_guarded_at_both_ends(desk) -> None:
    real = desk.write("kept/real.toml", MODEL + "[scope]\nwrite = ['..', '.']\n")
    link = desk.directory / "pod.toml"
    link.symlink_to(real)

    index = ScopeIndex(desk.load("pod.toml").scope)

    assert not index.explain(str(link)).writable
    assert not index.explain(str(real)).writable


def test_a_write_root_behind_a_link_is_seen_through(desk) -> None:
    desk.write("real/pod.toml", MODEL + "[scope]\nwrite = ['../link']\n")
    (desk.directory / "link").symlink_to("real")

    scope = desk.load("real/pod.toml").scope

    assert Rule(f"{desk.directory}/real/pod.toml", "read_only") in scope.rules


def test_podds_own_files_are_read_only(desk) -> None:
    scope = desk.text(MODEL + "[scope]\nwrite = ['/']\n").scope
    guarded = {
        str(INSTALLATION),
        str(PROTOCOL),
        str(Path(msgspec.__file__).parents[1]),
        *({sys.prefix} if sys.prefix != sys.base_prefix else ()),
        str(desk.places.configuration),
        str(desk.places.state),
        str(desk.places.runtime),
        str(desk.directory / "pod.toml"),
    }
    assert set(scope.paths("read_only")) == {os.path.realpath(p) for p in guarded}


@pytest.mark.parametrize("where", [msgspec.__file__, sys.prefix + "/pyvenv.cfg"])
def test_what_the_next_pod_imports_is_guarded(desk, where) -> None:
    if sys.prefix == sys.base_prefix and where.endswith(".cfg"):
        pytest.skip("not in a virtual environment")
    scope = desk.text(MODEL + "[scope]\nwrite = ['/']\n").scope
    found = ScopeIndex(scope).explain(os.path.realpath(where))
    assert (found.readable, found.writable) == (True, False)


def test_the_installation_is_writable_where_it_is_named(desk) -> None:
    scope = desk.text(MODEL + f"[scope]\nwrite = ['/', '{INSTALLATION}']\n").scope
    assert ScopeIndex(scope).explain(f"{INSTALLATION}/errors.py").writable


def test_a_guard_does_not_uncover_what_is_hidden(desk) -> None:
    scope = desk.text(MODEL + "[scope]\nwrite = ['.']\nhidden = ['pod.toml']\n").scope
    assert not ScopeIndex(scope).explain(f"{desk.directory}/pod.toml").readable
    scope = desk.text(MODEL + f"[scope]\nwrite=['/']\nhidden = ['{desk.directory}']\n")
    index = ScopeIndex(scope.scope)
    assert not index.explain(f"{desk.directory}/pod.toml").readable


def test_layers_that_were_read_are_guarded_too(desk) -> None:
    desk.write(".podd/manifest.toml", "")
    scope = desk.text(MODEL + "[scope]\nwrite = ['.', '.podd']\n").scope
    path = f"{desk.directory}/.podd/manifest.toml"
    assert not ScopeIndex(scope).explain(path).writable


def test_a_write_path_need_not_exist(desk) -> None:
    assert desk.text(MODEL + "[scope]\nwrite = ['a/b/c']\n").scope.paths("write")
    assert not (desk.directory / "a").exists()


def test_the_roots_of_the_scope_keep_one_slash(desk) -> None:
    assert desk.text(MODEL + "[scope]\nread = ['//']\n").scope.paths("read") == ("/",)
