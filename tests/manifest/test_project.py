from __future__ import annotations

import os
from pathlib import Path

import pytest

from podd.errors import NoSuchError
from podd.manifest.trust import trust

MODEL = '[model]\nref = "openai_chat/m"\n'
WORK = MODEL + "[pod]\nworkdir = 'work/deep'\n"


@pytest.fixture
def work(desk) -> Path:
    """Return a project's directory; the workdir is below it."""
    (desk.directory / "work/deep").mkdir(parents=True)
    desk.write("pod.toml", WORK)
    return desk.directory / "work"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[model]\nbase_url = 'http://h'\n", "model.base_url"),
        ("[model]\nauth = { env = 'K' }\n", "model.auth"),
        ("\n[scope]\n", "scope"),
        ("\n[sandbox]\n", "sandbox"),
        ("\n[permissions]\n", "permissions"),
    ],
)
def test_an_untrusted_project_may_not_widen(desk, work, text: str, key: str) -> None:
    path = desk.write("work/.podd/manifest.toml", text)

    [error] = desk.check("pod.toml")

    assert (error.path, error.line, error.key) == (str(path), 2, key)
    assert error.remedy == f"podctl manifest trust {work}"


def test_a_trusted_project_may(desk, work) -> None:
    desk.write(
        "work/.podd/manifest.toml",
        "[model]\nauth = { env = 'K' }\n[scope]\nwrite = ['out']\n",
    )
    trust(desk.places, work)

    resolved = desk.load("pod.toml")

    assert resolved.manifest.model.auth is not None
    assert resolved.scope.paths("write") == (f"{work}/deep/out",)


def test_an_untrusted_project_may_say_the_rest(desk, work) -> None:
    desk.write("work/.podd/hello.md", "hello")
    desk.write(
        "work/.podd/manifest.toml",
        "[agent]\nmax_steps = 9\ninstruction = 'hello.md'\n",
    )
    agent = desk.load("pod.toml").manifest.agent
    assert agent.max_steps == 9
    assert agent.instruction == f"{work}/.podd/hello.md"


@pytest.mark.parametrize("name", ["../../secret.md", "~/key", "/etc/passwd", "link"])
def test_an_untrusted_project_names_no_file_outside_it(desk, work, name: str) -> None:
    secret = desk.write("secret.md", "x")
    desk.write("home/key", "x")
    desk.write("work/.podd/manifest.toml", f"[agent]\n\ninstruction = '{name}'\n")
    (work / ".podd/link").symlink_to(secret)

    [error] = desk.check("pod.toml")

    assert (error.key, error.line) == ("agent.instruction", 3)
    trust(desk.places, work)
    assert desk.check("pod.toml") == []


def test_no_project_sets_the_workdir_that_it_is_found_from(desk, work) -> None:
    desk.write("work/.podd/manifest.toml", "[pod]\nworkdir = '.'\n")
    trust(desk.places, work)
    [error] = desk.check("pod.toml")
    assert (error.key, error.line) == ("pod.workdir", 2)


def test_the_nearest_project_counts(desk, work) -> None:
    desk.write(".podd/manifest.toml", "[agent]\nmax_steps = 1\n")
    assert desk.load("pod.toml").manifest.agent.max_steps == 1
    desk.write("work/.podd/manifest.toml", "[agent]\nmax_steps = 2\n")
    assert desk.load("pod.toml").manifest.agent.max_steps == 2
    other = desk.load("pod.toml", f"pod.workdir={desk.directory}")
    assert other.manifest.agent.max_steps == 1


def test_a_project_given_by_name_is_the_users_choice(desk, work) -> None:
    path = work / ".podd/manifest.toml"
    desk.write("work/.podd/manifest.toml", MODEL + "[scope]\nwrite = ['x']\n")
    resolved = desk.load(str(path), "pod.workdir=work")
    assert resolved.origins["scope.write"].layer == "file"


@pytest.mark.parametrize("name", ["manifest.toml", ""])
def test_a_strangers_project_is_set_aside_and_said(desk, work, name: str) -> None:
    desk.write("work/.podd/manifest.toml", "[agent]\nmax_steps = 9\n")
    if os.getuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(work / ".podd" / name, 12345, 12345)

    resolved = desk.load("pod.toml")

    assert resolved.manifest.agent.max_steps == 50
    assert len(resolved.warnings) == 1
    trust(desk.places, work)
    assert desk.load("pod.toml").manifest.agent.max_steps == 9


def test_a_strangers_link_to_a_file_of_ours_is_a_strangers(desk, work) -> None:
    ours = desk.write("ours.toml", "[agent]\nmax_steps = 9\n")
    link = work / ".podd/manifest.toml"
    link.parent.mkdir()
    link.symlink_to(ours)
    if os.getuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(link, 12345, 12345, follow_symlinks=False)
    assert desk.load("pod.toml").manifest.agent.max_steps == 50


def test_a_link_to_nothing_is_no_such_file(desk, work) -> None:
    link = work / ".podd/manifest.toml"
    link.parent.mkdir()
    link.symlink_to("gone")
    with pytest.raises(NoSuchError):
        desk.load("pod.toml")


def test_a_projects_prompts_are_used_where_it_is_trusted(desk, work) -> None:
    desk.write("work/.podd/prompts/tone.md", "x")

    before = desk.load("pod.toml")
    trust(desk.places, work)
    after = desk.load("pod.toml")

    assert before.project_prompts is None
    assert len(before.warnings) == 1
    assert after.project_prompts == f"{work}/.podd/prompts"
    assert after.warnings == ()


def test_a_broken_project_is_an_error_of_that_file(desk, work) -> None:
    path = desk.write("work/.podd/manifest.toml", "\n[a\n")
    [error] = desk.check("pod.toml")
    assert (error.path, error.line) == (str(path), 2)
