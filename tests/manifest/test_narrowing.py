"""A child's manifest file may say less than its parent's, and nothing more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from podd.core.scope.explanation import ScopeIndex
from podd.errors import NoSuchError
from podd.manifest.child import ChildAsked, child_manifest
from podd.manifest.resolved import Resolved

MODEL = '[model]\nref = "openai_chat/m"\n'
SCOPE = "[scope]\nread = ['.']\nwrite = ['notes', 'src']\nhidden = ['src/secret']\n"

Child = Callable[..., Resolved]


def test_a_file_says_what_the_call_does_not(desk, child: Child) -> None:
    desk.write(
        "src/a/child.toml",
        "[pod]\nname = 'ignored'\ndescription = 'd'\nworkdir = '..'\n"
        "[agent]\nmax_steps = 3\n[model]\nname = 'n'\ntemperature = 1\n"
        "[scope]\nread = ['.']\nwrite = ['b']\n",
    )
    resolved = child(manifest="src/a/child.toml")
    manifest, home = resolved.manifest, str(desk.directory)
    assert (manifest.pod.name, manifest.pod.description) == ("pod.x", "d")
    assert manifest.pod.workdir == f"{home}/src"
    assert manifest.agent.max_steps == 3
    assert (manifest.model.ref, manifest.model.temperature) == ("openai_chat/n", 1)
    assert resolved.scope.paths("write") == (f"{home}/src/b",)
    assert resolved.file == f"{home}/src/a/child.toml"


def test_the_call_counts_for_more_than_the_file(desk, child: Child) -> None:
    desk.write(
        "child.toml", "[model]\nref = 'openai_chat/n'\n[scope]\nwrite = ['src/b']\n"
    )
    resolved = child(
        manifest="child.toml", model="openai_chat/o", scope={"write": ["src/a"]}
    )
    assert resolved.manifest.model.name == "o"
    assert resolved.scope.paths("write") == (f"{desk.directory}/src/a",)


def test_a_file_works_where_it_lies_unless_it_may_not_read_there(
    desk, child: Child
) -> None:
    home = str(desk.directory)
    desk.write("src/a/one.toml", "[scope]\nwrite = ['../b']\n")
    one = child(manifest="src/a/one.toml")
    assert one.manifest.pod.workdir == f"{home}/src/a"
    desk.write("src/a/two.toml", "[scope]\nread = []\nwrite = ['../b']\n")
    two = child(manifest="src/a/two.toml")
    assert two.manifest.pod.workdir == f"{home}/src/b"


def test_a_childs_manifest_is_read_only_for_it(desk, child: Child) -> None:
    path = desk.write("src/a/child.toml", "[scope]\nwrite = ['.']\n")
    resolved = child(manifest="src/a/child.toml")
    assert not ScopeIndex(resolved.scope).explain(str(path)).writable
    assert ScopeIndex(resolved.scope).explain(f"{path}x").writable


def test_other_layers_are_not_read_again(desk, child: Child) -> None:
    desk.write("child.toml", "[agent]\nmax_steps = 4\n")
    desk.user("[model]\ntemperature = 1\n")
    resolved = child(manifest="child.toml")
    assert resolved.manifest.model.temperature == 1
    desk.user("[model]\ntemperature = 2\n[tools]\noutput_bytes = 99\n")
    parent = desk.text(MODEL + SCOPE)
    desk.user("[tools]\noutput_bytes = 77\n")
    again = child_manifest(
        parent,
        ChildAsked(name="x", manifest="child.toml"),
        pod="pod",
        environment={"HOME": "/"},
        places=desk.places,
    )
    assert again.manifest.tools.output_bytes == 99


@pytest.mark.parametrize(
    ("text", "key", "line", "word"),
    [
        ("[model]\nauth = {env = 'K'}\n", "model.auth", 2, "parent's key"),
        ("[model]\nbase_url = 'http://h'\n", "model.base_url", 2, "server"),
        (
            "[model]\nref = 'scripted/x'\n",
            "model.ref",
            2,
            "needs a script",
        ),
        ("[model]\nscript = 'prompt.md'\n", "model.script", 2, "means nothing"),
        (
            "[model]\nprovider='scripted'\nscript = '../outside'\n",
            "model.script",
            3,
            "may not read",
        ),
        (
            "[model]\nprovider='scripted'\nscript = 'src/gone'\n",
            "model.script",
            3,
            "No such file",
        ),
        ("[agent]\ninstruction='../outside'\n", "agent.instruction", 2, "may not read"),
        ("[agent]\ninstruction='src'\n", "agent.instruction", 2, "cannot be read"),
        ("[agent]\nmax_steps = 51\n", "agent.max_steps", 2, "at most 50"),
        ("[agent]\ntrace = true\n", "agent.trace", 2, "no traces"),
        ("[agent]\nrecord = true\n", "agent.record", 2, "no recordings"),
        ("[scope]\nmode = 'warn'\n", "scope.mode", 2, "looser"),
        ("[scope]\nwrite = [\n'src',\n'..']\n", "scope.write", 4, "lend"),
        ("[scope]\nwrite = [{path = '..'}]\n", "scope.write", 2, "lend"),
        ("[pod]\nworkdir = '..'\n", "pod.workdir", 2, "no directory"),
        ("[pod]\nworkdir = 'prompt.md'\n", "pod.workdir", 2, "no directory"),
        ("[tools]\nallow = ['bash']\n", "tools.allow", 2, "read_file"),
        ("[sandbox]\nnetwork = 'allow'\n", "sandbox.network", 2, "no network"),
        ("[sandbox]\nread = ['/etc']\n", "sandbox.read", 2, "/etc"),
        ("[sandbox]\nenvironment = ['B']\n", "sandbox.environment", 2, "'B'"),
        ("[sandbox]\nprocesses = 1025\n", "sandbox.processes", 2, "at most 1024"),
        ("[sandbox]\nmemory_bytes = 101\n", "sandbox.memory_bytes", 2, "at most 100"),
        ("[sandbox]\nfile_bytes=17179869185\n", "sandbox.file_bytes", 2, "most"),
        ("[sandbox]\ntemporary_bytes=1073741825", "sandbox.temporary_bytes", 2, "most"),
        ("[limits]\npods = 9\n", "limits.pods", 2, "at most 8"),
        ("[limits]\ndepth = 3\n", "limits.depth", 2, "at most 2"),
        ("[limits]\ntokens = 1001\n", "limits.tokens", 2, "at most 1000"),
        ("[limits]\nwall_seconds=61\n", "limits.wall_seconds", 2, "at most 60"),
        ("[limits]\ncost_usd = 3\n", "limits.cost_usd", 2, "at most 2"),
        ("[model]\nregion = 'eu-west-1'\n", "model.region", 2, "parent's server"),
        ("[model]\napi_version = '1'\n", "model.api_version", 2, "parent's server"),
        (
            "[supervise]\non_parent_end = 'detach'\n",
            "supervise.on_parent_end",
            2,
            "looser",
        ),
        ("\n[agnet]\n", "agnet", 2, "agent"),
        ("[agent]\nmax_steps = 'x'\n", "agent.max_steps", 2, "an integer"),
        ("[pod\n", "", 1, "TOML"),
    ],
)
def test_a_file_may_not_widen(desk, refusal, text, key, line, word) -> None:
    desk.write("prompt.md", "")
    desk.models("[openai_chat.m]\nprice = { input = 1, output = 1 }\n")
    (desk.directory.parent / "outside").write_text("x", encoding="utf-8")
    path = desk.write("child.toml", text)
    error = refusal(
        MODEL + SCOPE + "[tools]\nallow = ['read_file']\n"
        "[sandbox]\nnetwork = 'deny'\nenvironment = ['A']\nmemory_bytes = 100\n"
        "[limits]\ntokens = 1000\nwall_seconds = 60\ncost_usd = 2\n",
        manifest="child.toml",
    )
    assert (error.path, error.key, error.line) == (str(path), key, line)
    assert word in f"{error.reason} {error.remedy}"


def test_a_file_may_narrow(desk, child: Child) -> None:
    desk.write(
        "child.toml",
        "[agent]\nmax_steps = 49\n[scope]\nmode = 'enforce'\n"
        "[tools]\nallow = ['glob', 'ask_parent']\n"
        "[sandbox]\nnetwork = 'deny'\nread = ['src']\nenvironment = ['A']\n"
        "require = ['landlock']\nprocesses = 1\nmemory_bytes = 1\nfile_bytes = 1\n"
        "[limits]\npods = 7\ndepth = 0\ntokens = 5\nwall_seconds = 1\n"
        "[supervise]\non_parent_end = 'stop'\n",
    )
    parent = MODEL + SCOPE + "mode = 'warn'\n[tools]\nallow = ['glob', 'grep']\n"
    sandbox = "[sandbox]\nenvironment = ['A', 'B']\nrequire = ['seccomp']\n"
    manifest = child(parent + sandbox, manifest="child.toml").manifest
    assert manifest.agent.max_steps == 49
    # The parent has no limit of its own here.
    assert (manifest.limits.tokens, manifest.limits.wall_seconds) == (5, 1)
    assert manifest.scope.mode == "enforce"
    assert manifest.tools.allow == ("glob", "ask_parent")
    assert manifest.sandbox.environment == ("A",)
    assert manifest.sandbox.require == ("seccomp", "landlock")
    assert manifest.sandbox.processes == 1
    assert (manifest.limits.pods, manifest.limits.depth) == (7, 0)
    assert manifest.supervise.on_parent_end == "stop"


def test_a_network_that_is_denied_may_be_denied_again(desk, child: Child) -> None:
    desk.write("child.toml", "[sandbox]\nnetwork = 'deny'\n")
    resolved = child(MODEL + "[sandbox]\nnetwork = 'deny'\n", manifest="child.toml")
    assert resolved.manifest.sandbox.network == "deny"


def test_a_toolchain_that_is_not_there_says_so(desk, refusal) -> None:
    desk.write("child.toml", "[sandbox]\nread = ['src/gone']\n")
    error = refusal(manifest="child.toml")
    assert (error.key, error.line) == ("sandbox.read", 2)
    assert "No such file" in error.reason


def test_a_toolchain_of_the_parents_may_be_named(desk, child: Child) -> None:
    (desk.directory / "home/.cargo/bin").mkdir(parents=True)
    desk.write("child.toml", "[sandbox]\nread = ['~/.cargo/bin']\n")
    parent = MODEL + "[scope]\nread = ['src', 'child.toml']\n"
    sandbox = "[sandbox]\nread = ['~/.cargo']\n"
    read = child(parent + sandbox, manifest="child.toml").manifest.sandbox.read
    assert read == (f"{desk.directory}/home/.cargo/bin",)


def test_a_file_that_the_parent_may_not_read_is_not_opened(desk, refusal) -> None:
    outside = desk.directory.parent / "outside.toml"
    outside.write_text("not toml [", encoding="utf-8")
    (desk.directory / "link.toml").symlink_to(outside)
    desk.write("src/secret/child.toml", "")
    for name in ("../outside.toml", "link.toml", "src/secret/child.toml", "/etc/x"):
        error = refusal(manifest=name)
        assert (error.path, error.key) == ("spawn_pod", "manifest")
        assert "may not read" in error.reason
    assert refusal(manifest="").key == "manifest"


def test_a_file_that_is_not_there_says_so(child: Child) -> None:
    with pytest.raises(NoSuchError):
        child(manifest="gone.toml")


def test_files_are_taken_by_their_real_names(desk, child: Child) -> None:
    desk.write("src/a/prompt.md", "x")
    (desk.directory / "link").symlink_to("src/a")
    desk.write("src/a/child.toml", "[agent]\ninstruction = '../../link/prompt.md'\n")
    resolved = child(manifest="link/child.toml")
    assert resolved.file == f"{desk.directory}/src/a/child.toml"
    assert resolved.task_instruction == "x"


# Models


@pytest.mark.parametrize(
    ("model", "word"),
    [
        ("nobody/x", "there is no provider"),
        ("n", "PROVIDER/NAME"),
        ("openai_chta/x", "openai_chat"),
        ("scripted/x", "script"),
        ("", "PROVIDER/NAME"),
    ],
)
def test_a_model_that_cannot_be_is_refused(refusal, model: str, word: str) -> None:
    error = refusal(model=model)
    assert (error.path, error.key) == ("spawn_pod", "model.ref")
    assert word in f"{error.reason} {error.remedy}"


def test_a_child_of_a_script_has_no_other_provider(desk, refusal) -> None:
    desk.write("s.toml", "")
    parent = "[model]\nprovider = 'scripted'\nscript = 's.toml'\n" + SCOPE
    error = refusal(parent, model="openai_chat/m")
    assert "another provider" in error.reason
    assert "'scripted'" in error.remedy


def test_a_child_may_have_a_script_of_its_own(desk, child: Child) -> None:
    script = desk.write("src/a/c.script.toml", "")
    desk.write(
        "child.toml",
        "[model]\nprovider = 'scripted'\nscript = 'src/a/c.script.toml'\n",
    )
    model = child(MODEL + SCOPE, manifest="child.toml").manifest.model
    assert (model.ref, model.script) == ("scripted/c", str(script))
    desk.write("s.toml", "")
    parent = "[model]\nprovider = 'scripted'\nscript = 's.toml'\n" + SCOPE
    model = child(parent, manifest="child.toml").manifest.model
    assert (model.ref, model.script) == ("scripted/c", str(script))
    inherited = child(parent).manifest.model
    assert inherited.script == f"{desk.directory}/s.toml"
    desk.write("only.toml", "[model]\nscript = 'src/a/c.script.toml'\n")
    assert child(parent, manifest="only.toml").manifest.model.name == "c"


def test_a_script_takes_no_server_along(desk, child: Child) -> None:
    desk.write("s.toml", "")
    desk.write("child.toml", "[model]\nref = 'scripted/z'\nscript = 's.toml'\n")
    parent = MODEL + "base_url = 'http://h/v1'\ncontext_window = 5\n" + SCOPE
    model = child(parent, manifest="child.toml").manifest.model
    assert (model.base_url, model.context_window) == (None, None)
    assert model.ref == "scripted/z"


def test_another_model_has_another_window(child: Child) -> None:
    parent = MODEL + "context_window = 5\nmax_output_tokens = 3\n"
    same = child(parent, model="openai_chat/m").manifest.model
    other = child(parent, model="openai_chat/n").manifest.model
    assert (same.context_window, other.context_window) == (5, None)
    assert other.max_output_tokens == 3


def test_a_file_of_another_script_gives_way_to_the_call(desk, child: Child) -> None:
    desk.write("s.toml", "")
    desk.write(
        "child.toml", "[model]\nref = 'scripted/z'\nscript = 's.toml'\ntemperature=1\n"
    )
    model = child(MODEL + SCOPE, manifest="child.toml", model="openai_chat/n")
    assert model.manifest.model.ref == "openai_chat/n"
    assert model.manifest.model.script is None


def test_a_toolchain_reaches_no_deeper_than_the_parent_reads(desk, refusal) -> None:
    desk.write("child.toml", "[scope]\nread = ['notes']\n[sandbox]\nread = ['src']\n")
    desk.write("notes/x", "")
    parent = MODEL + (
        "[scope]\nread = ['notes', 'child.toml', {path = '.', recursive = false},"
        " {path = 'src', recursive = false}]\n"
    )
    error = refusal(parent, manifest="child.toml")
    assert error.key == "sandbox.read"
