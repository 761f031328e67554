"""What cannot be is refused: with its exit code and code word, and without a trace."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.shell import Shell

pytestmark = pytest.mark.end_to_end

SPAWN = ("spawn", "demo.toml", "hi")
SCRIPTED = '[model]\nref = "scripted/x"\nscript = "demo.script.toml"\n'
OPENAI = '[model]\nref = "openai_chat/x"\n'


@dataclass(frozen=True, kw_only=True)
class Bad:
    """One thing that cannot be."""

    name: str
    code: int
    word: str
    manifest: str | bytes | None = SCRIPTED
    words: tuple[str, ...] = SPAWN
    says: tuple[str, ...] = ()
    """What the message or the remedy must name."""
    line: int | None = None


BAD = (
    Bad(
        name="unknown key",
        code=2,
        word="bad_manifest",
        manifest=SCRIPTED + "[agent]\nmax_stepz = 3\n",
        says=("demo.toml:5", "max_stepz", "max_steps"),
        line=5,
    ),
    Bad(
        name="unknown section",
        code=2,
        word="bad_manifest",
        manifest=SCRIPTED + "[skope]\nread = []\n",
        says=("skope", "scope"),
        line=4,
    ),
    Bad(
        name="wrong type",
        code=2,
        word="bad_manifest",
        manifest=SCRIPTED + '[agent]\nmax_steps = "three"\n',
        says=("agent.max_steps",),
        line=5,
    ),
    Bad(name="no TOML", code=2, word="bad_manifest", manifest="[pod\n", line=1),
    Bad(name="no UTF-8", code=2, word="bad_manifest", manifest=b'[pod]\nname = "\xff"'),
    Bad(name="missing manifest", code=3, word="no_such_file", manifest=None),
    Bad(
        name="no manifest named",
        code=3,
        word="no_such_file",
        words=("spawn",),
        says=("podctl init",),
    ),
    Bad(
        name="a directory for a manifest",
        code=2,
        word="bad_manifest",
        words=("spawn", ".", "hi"),
    ),
    Bad(
        name="unknown provider",
        code=2,
        word="bad_manifest",
        manifest='[model]\nref = "openia_chat/x"\n',
        says=("openia_chat", "openai_chat"),
        line=2,
    ),
    Bad(
        name="a provider that is not built yet",
        code=2,
        word="bad_manifest",
        manifest='[model]\nref = "bedrock/claude"\n',
        says=("bedrock",),
    ),
    Bad(
        name="a word that is not built yet",
        code=2,
        word="bad_manifest",
        manifest=SCRIPTED + '[supervise]\nrestart = "on-failure"\n',
        says=("supervise.restart", "on-failure"),
    ),
    Bad(
        name="a limit of money for a model without a price",
        code=2,
        word="bad_manifest",
        manifest=SCRIPTED + "[limits]\ncost_usd = 10\n",
        says=("limits.cost_usd", "no known price", "models.toml"),
    ),
    Bad(
        name="missing key",
        code=2,
        word="missing_key",
        manifest=OPENAI,
        says=("OPENAI_API_KEY",),
    ),
    Bad(
        name="missing key of one's own",
        code=2,
        word="missing_key",
        manifest=OPENAI + 'auth = { env = "MY_KEY" }\n',
        says=("MY_KEY",),
    ),
    Bad(
        name="missing script",
        code=2,
        word="bad_manifest",
        manifest='[model]\nref = "scripted/x"\nscript = "no.toml"\n',
        says=("no.toml",),
    ),
    Bad(
        name="workdir missing",
        code=2,
        word="bad_manifest",
        manifest=SCRIPTED + '[pod]\nworkdir = "nowhere"\n',
        says=("nowhere",),
        line=5,
    ),
    Bad(
        name="workdir a file",
        code=2,
        word="bad_manifest",
        manifest=SCRIPTED + '[pod]\nworkdir = "demo.toml"\n',
        says=("demo.toml",),
    ),
    Bad(
        name="scope read path missing",
        code=2,
        word="bad_manifest",
        manifest=SCRIPTED + '[scope]\nread = ["nowhere"]\n',
        says=("nowhere",),
    ),
    Bad(
        name="bad pod name",
        code=2,
        word="bad_manifest",
        manifest=SCRIPTED + '[pod]\nname = "../up"\n',
        says=("pod.name",),
    ),
    Bad(
        name="bad --set",
        code=2,
        word="bad_manifest",
        words=(*SPAWN, "--set", "agent.max_stepz=1"),
        says=("--set", "max_stepz"),
    ),
    Bad(
        name="a verb that is not there",
        code=2,
        word="usage",
        words=("spwan", "demo.toml"),
        says=("spawn",),
    ),
    Bad(name="an option that is not there", code=2, word="usage", words=("list", "-x")),
    Bad(
        name="--once with nothing to run",
        code=2,
        word="usage",
        words=(*SPAWN[:2], "--once"),
    ),
    Bad(name="no such pod", code=3, word="no_such_pod", words=("run", "demo", "hi")),
    Bad(
        name="no such session",
        code=3,
        word="no_such_session",
        words=("session", "show", "0190beef"),
    ),
    Bad(
        name="nothing to resume",
        code=3,
        word="no_such_session",
        words=("resume", "last"),
    ),
)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name.replace(" ", "-"))
def test_it_is_refused_and_leaves_nothing(bad: Bad, shell: Shell) -> None:
    shell.manifest('text = "x"')
    (shell.directory / "demo.toml").unlink()
    if isinstance(bad.manifest, str):
        (shell.directory / "demo.toml").write_text(bad.manifest, encoding="utf-8")
    elif bad.manifest is not None:
        (shell.directory / "demo.toml").write_bytes(bad.manifest)
    before = sorted(shell.directory.rglob("*"))

    said = shell(*bad.words, "--json")

    assert (said.code, said.error["code"]) == (bad.code, bad.word)
    assert set(said.error) == {"code", "message", "remedy", "data"}
    told = f"{said.error['message']} {said.error['remedy']}"
    for word in bad.says:
        assert word in told
    if bad.line is not None:
        assert said.error["data"]["line"] == bad.line
    assert said.err == ""
    assert sorted(shell.directory.rglob("*")) == before
    assert not shell.processes()
    assert not list(shell.places.sessions.glob("*"))
    assert not list(shell.places.pods.glob("*"))
    assert shell("scope", "list", "--json").document["allocations"] == []


def test_in_words_an_error_is_on_stderr_and_stdout_stays_empty(shell: Shell) -> None:
    said = shell("run", "nobody", "hi")

    assert (said.code, said.out) == (3, "")
    assert said.err.startswith("podctl: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not bind root")
def test_an_unreadable_manifest_is_refused(shell: Shell) -> None:
    shell.manifest('text = "x"').chmod(0)

    for words in (SPAWN, ("manifest", "check", "demo.toml")):
        said = shell(*words, "--json")
        assert (said.code, said.error["code"]) == (2, "bad_manifest")


@pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not bind root")
def test_who_may_write_an_unreadable_path_can_still_be_asked(shell: Shell) -> None:
    shell.manifest('text = "x"').chmod(0)

    said = shell("scope", "check", "demo.toml", "--json")

    assert (said.code, said.document["writer"]) == (0, None)


@pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not bind root")
def test_a_workdir_that_cannot_be_read_is_refused(shell: Shell) -> None:
    shell.manifest('text = "x"')
    (shell.directory / "work").chmod(0)
    try:
        said = shell(*SPAWN, "--json")
    finally:
        (shell.directory / "work").chmod(0o700)

    assert said.code == 2
    assert not list(shell.places.sessions.glob("*"))


def _a_file(runtime: Path) -> None:
    runtime.write_text("", encoding="utf-8")


def _below_a_file(runtime: Path) -> None:
    runtime.parent.joinpath("file").write_text("", encoding="utf-8")
    runtime.symlink_to(runtime.parent / "file" / "below")


def _open_to_all(runtime: Path) -> None:
    runtime.mkdir()
    runtime.chmod(0o777)


def _somebody_elses(runtime: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    runtime.mkdir(0o700)
    os.chown(runtime, 12345, 12345)


def _not_writable(runtime: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("permission bits do not bind root")
    runtime.mkdir(0o500)


@pytest.mark.parametrize(
    "spoil", [_a_file, _below_a_file, _open_to_all, _somebody_elses, _not_writable]
)
def test_a_runtime_directory_that_is_not_ours_alone_is_refused(
    spoil: Callable[[Path], None], shell: Shell
) -> None:
    shell.manifest('text = "x"')
    spoil(shell.places.runtime)

    said = shell(*SPAWN, "--json")

    assert (said.code, said.error["code"]) == (5, "denied")
    assert str(shell.places.runtime) in said.error["message"]
    assert "PODD_RUNTIME_DIR" in said.error["remedy"]
    assert not list(shell.places.sessions.glob("*"))
    assert not shell.processes()


def test_a_runtime_directory_too_deep_for_a_socket_path_works(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = shell.places.runtime / ("d" * 60) / ("e" * 60)
    monkeypatch.setenv("PODD_RUNTIME_DIR", str(deep))
    there = Shell(
        type(shell.places)(deep, shell.places.state, shell.places.configuration),
        shell.directory,
    )
    pod = there.spawned(there.manifest('text = "from the deep"'))
    try:
        (row,) = there.pods()
        assert len(row["socket"]) <= 107
        assert row["socket"] == pod["socket"]
        assert there("run", "demo", "hi").out == "from the deep\n"
        assert there("stop", "demo").code == 0
        assert there.is_clean()
    finally:
        there("kill", "demo")
        there.places.socket_alias.unlink(missing_ok=True)
