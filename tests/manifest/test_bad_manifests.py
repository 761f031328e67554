"""Each thing that can be wrong is named with its file, line and key."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from podd.errors import ManifestError, NoSuchError
from podd.manifest.loading import check

Refused = Callable[..., ManifestError]

MODEL = '[model]\nref = "openai_chat/m"\n'


@pytest.mark.parametrize(
    ("text", "key", "line", "word"),
    [
        # Unknown keys, and what they may have been meant to be.
        (MODEL + "[pod]\nnam = 1\n", "pod.nam", 4, "pod.name"),
        ("\n[agnet]\nmax_steps = 1\n" + MODEL, "agnet", 2, "agent"),
        ("max_steps = 3\n" + MODEL, "max_steps", 1, "agent.max_steps"),
        (MODEL + "zzz = 1\n", "model.zzz", 3, "base_url"),
        (MODEL + 'auth = { key = "sk-1" }\n', "model.auth.key", 3, "env"),
        (
            MODEL + "[tools.per_tool.grep]\ntimeout = 3\n",
            "tools.per_tool.grep.timeout",
            4,
            "timeout_seconds",
        ),
        (
            MODEL + '[scope]\nwrite = [\n "a",\n { pth = "b" },\n]\n',
            "scope.write.pth",
            6,
            "scope.write.path",
        ),
        # Wrong types.
        (MODEL + "[agent]\nmax_steps = 'x'\n", "agent.max_steps", 4, "an integer"),
        (MODEL + "[agent]\nmax_steps = 1.5\n", "agent.max_steps", 4, "an integer"),
        (MODEL + "[agent]\nmax_steps = true\n", "agent.max_steps", 4, "an integer"),
        (MODEL + "[agent]\nmax_steps = 0\n", "agent.max_steps", 4, "at least 1"),
        (MODEL + "[pod]\nname = 3\n", "pod.name", 4, "a string"),
        (MODEL + "[pod]\nname = 2020-01-01\n", "pod.name", 4, "a date"),
        ("pod = 3\n" + MODEL, "pod", 1, "a table"),
        ("[pod]\nmodel = 3\n", "pod.model", 2, "PROVIDER/NAME"),
        (MODEL + "temperature = 3\n", "model.temperature", 3, "at most 2"),
        (MODEL + "temperature = nan\n", "model.temperature", 3, "expected"),
        (MODEL + "reasoning = 'low'\n", "model.reasoning", 3, "a table"),
        (MODEL + "[scope]\nread = '.'\n", "scope.read", 4, "an array"),
        (MODEL + "[scope]\nread = [\n'.',\n3]\n", "scope.read", 6, "a string"),
        (
            MODEL + "[scope]\nwrite = [{path = 'a', recursive = 1}]\n",
            "scope.write.recursive",
            4,
            "true or false",
        ),
        (MODEL + "[scope]\nwrite = [{}]\n", "scope.write", 4, "needs path"),
        (MODEL + "[scope]\nmode = 'of'\n", "scope.mode", 4, "'warn'"),
        (MODEL + "[tools]\nper_tool = 3\n", "tools.per_tool", 4, "a table"),
        (
            MODEL + "[tools]\nper_tool.grep = 3\n",
            "tools.per_tool.grep",
            4,
            "a table",
        ),
        (
            MODEL + "[tools]\nper_tool.grep = {timeout_seconds = 0}\n",
            "tools.per_tool.grep.timeout_seconds",
            4,
            "more than 0",
        ),
        (MODEL + "[tools]\noutput_bytes = 63\n", "tools.output_bytes", 4, "64"),
        # Values that make no sense.
        (MODEL + "[pod]\nname = 'A'\n", "pod.name", 4, "--name"),
        (MODEL + "[pod]\nname = '.a'\n", "pod.name", 4, "--name"),
        (MODEL + "[pod]\nname = ''\n", "pod.name", 4, "--name"),
        (MODEL + f"[pod]\nname = '{'a' * 64}'\n", "pod.name", 4, "63"),
        ("[model]\nref = 'm'\n", "model.ref", 2, "PROVIDER/NAME"),
        ("[model]\nref = 'openai_chat/'\n", "model.ref", 2, "PROVIDER/NAME"),
        ("[pod]\nmodel = 'm'\n", "pod.model", 2, "PROVIDER/NAME"),
        ("[pod]\nmodel = 'openai_chat/m'\n" + MODEL, "pod.model", 2, "model.ref"),
        (MODEL + "name = 'other'\n", "model.ref", 2, "model.name"),
        (MODEL + "provider = 'scripted'\n", "model.ref", 2, "model.provider"),
        ("[model]\nname = 'm'\n", "model.provider", None, "missing"),
        ("[model]\nprovider = 'openai_chat'\n", "model.name", None, "named"),
        ("", "model.ref", None, "--model"),
        (MODEL + "base_url = 'localhost:1'\n", "model.base_url", 3, "http"),
        (MODEL + "base_url = 'file:///x'\n", "model.base_url", 3, "http"),
        (MODEL + "base_url = 'http://h:99999/'\n", "model.base_url", 3, "URL"),
        (MODEL + "base_url = 'http://h/?k=1'\n", "model.base_url", 3, "more than"),
        (MODEL + "base_url = 'http://[x/'\n", "model.base_url", 3, "URL"),
        (MODEL + "auth = {}\n", "model.auth", 3, "exactly one"),
        (MODEL + "auth = { none = false }\n", "model.auth", 3, "exactly one"),
        (
            MODEL + "auth = { env = 'A', none = true }\n",
            "model.auth",
            3,
            "exactly one",
        ),
        (MODEL + "auth = { file = '' }\n", "model.auth.file", 3, "empty"),
        (MODEL + "reasoning = {}\n", "model.reasoning", 3, "effort"),
        (MODEL + "script = 'x'\n", "model.script", 3, "openai_chat"),
        ("[model]\nref = 'scripted/x'\n", "model.script", None, "script"),
        (
            "[model]\nref = 'scripted/x'\nscript = 'gone'\n",
            "model.script",
            3,
            "No such file",
        ),
        (
            "[model]\nref = 'scripted/x'\nscript = 'pod.toml'\nbase_url = 'http://h'\n",
            "model.base_url",
            4,
            "scripted",
        ),
        (MODEL + "[agent]\ninstruction = ' '\n", "agent.instruction", 4, "empty"),
        (MODEL + "[agent]\ninstruction = 'gone.md'\n", "agent.instruction", 4, "gone"),
        (MODEL + "[pod]\nworkdir = 'gone'\n", "pod.workdir", 4, "No such file"),
        (MODEL + "[pod]\nworkdir = 'pod.toml'\n", "pod.workdir", 4, "directory"),
        (MODEL + "[pod]\nworkdir = ''\n", "pod.workdir", 4, "empty"),
        (MODEL + '[pod]\nworkdir = "a\\u0000"\n', "pod.workdir", 4, "zero byte"),
        (MODEL + "[pod]\nworkdir = '~no-one-i-know/x'\n", "pod.workdir", 4, "home"),
        (MODEL + "[scope]\nread = ['.',\n'gone']\n", "scope.read", 5, "No such file"),
        (MODEL + "[scope]\nwrite = ['']\n", "scope.write", 4, "empty"),
        (MODEL + "[tools]\nallow = ['glob', 'glob']\n", "tools.allow", 4, "twice"),
        # Words that nobody knows.
        ("[model]\nref = 'openai_caht/m'\n", "model.ref", 2, "'openai_chat'"),
        ("[model]\nprovider = 'x'\nname = 'm'\n", "model.provider", 2, "scripted"),
        (MODEL + "[agent]\ndriver = 'cat'\n", "agent.driver", 4, "chat"),
        (MODEL + "[tools]\nallow = ['glob',\n'grap']\n", "tools.allow", 5, "'grep'"),
        (
            MODEL + "[tools]\nper_tool.x = {}\n",
            "tools.per_tool.x",
            4,
            "read_file",
        ),
        # What would be a part of an address, and what the provider has no use for.
        (MODEL + "region = 'a.evil/#'\n", "model.region", 3, "no region"),
        (MODEL + "region = ''\n", "model.region", 3, "no region"),
        (MODEL + "api_version = '1&x=2'\n", "model.api_version", 3, "no version"),
        (MODEL + "region = 'x'\n", "model.region", 3, "means nothing"),
        (MODEL + "api_version = 'x'\n", "model.api_version", 3, "means nothing"),
        ("[model]\nref='groq/m'\nregion='x'\n", "model.region", 3, "'groq'"),
        ("[model]\nref = 'grok/m'\n", "model.ref", 2, "'groq'"),
        (MODEL + "top_p = 1.1\n", "model.top_p", 3, "at most 1"),
        (MODEL + "top_k = 0\n", "model.top_k", 3, "at least 1"),
        (MODEL + "stop = 'x'\n", "model.stop", 3, "an array"),
        (MODEL + "stop = ['a', '']\n", "model.stop", 3, ""),
        (MODEL + "stream = 1\n", "model.stream", 3, "true or false"),
        (MODEL + "reasoning = {}\n", "model.reasoning", 3, "exactly one"),
        (
            MODEL + "reasoning = { budget_tokens = 0 }\n",
            "model.reasoning.budget_tokens",
            3,
            "at least 1",
        ),
        (
            MODEL + "reasoning = { effort = 'low', budget_tokens = 9 }\n",
            "model.reasoning",
            3,
            "exactly one",
        ),
        # Words that this podd knows and has not built.
        (
            MODEL + "[supervise]\nrestart = 'on-failure'\n",
            "supervise.restart",
            4,
            "not_supported",
        ),
        (MODEL + "[agent]\ndriver = 'cod'\n", "agent.driver", 4, "'code'"),
        (MODEL + "[agent]\nmax_repairs = -1\n", "agent.max_repairs", 4, "at least 0"),
        (
            MODEL + "[model.retries]\nbroken_streams = -1\n",
            "model.retries.broken_streams",
            4,
            "at least 0",
        ),
        (
            MODEL + "[agent]\noutput_schema = 'x'\n",
            "agent.output_schema",
            4,
            "No such file",
        ),
        # No TOML.
        ("[pod\n", "", 1, "TOML"),
        ("a = 1\nb = \n", "", 2, "TOML"),
        ("a = 1\na = 2\n", "", 2, "TOML"),
        ('a = 1\n\nb = """x', "", 3, "TOML"),
        ("a = " + "[" * 5000, "", None, "deeply"),
    ],
)
def test_a_fault_is_named_with_its_place(
    desk, text: str, key: str, line: int | None, word: str
) -> None:
    path = desk.write("pod.toml", text)

    errors = desk.check("pod.toml")

    assert [(e.key, e.line) for e in errors] == [(key, line)]
    assert errors[0].path == str(path)
    assert errors[0].code == "bad_manifest"
    assert errors[0].exit_code == 2
    assert word in f"{errors[0].reason} {errors[0].remedy}"
    with pytest.raises(ManifestError) as caught:
        desk.load("pod.toml")
    assert caught.value.data == errors[0].data


def test_all_faults_are_listed_and_the_first_is_raised(desk, refused: Refused) -> None:
    text = (
        "[pod]\nname = 'A B'\nworkdir = 'gone'\n"
        "[model]\nref = 'x'\nauth = 3\n"
        "[agent]\nmax_steps = 0\nnope = 1\n"
    )
    desk.write("pod.toml", text)

    errors = desk.check("pod.toml", "tools.allow=3", "x")

    assert [(e.key, e.line) for e in errors] == [
        ("pod.name", 2),
        ("pod.workdir", 3),
        ("model.ref", 5),
        ("model.auth", 6),
        ("agent.max_steps", 8),
        ("agent.nope", 9),
        ("x", None),
        ("tools.allow", None),
    ]
    assert refused(text).key == "pod.name"


def test_a_sound_manifest_has_no_faults(desk) -> None:
    desk.write("pod.toml", MODEL)
    assert desk.check("pod.toml") == []


@pytest.mark.parametrize(
    "text",
    [
        MODEL + "auth = 'sk-secret'\n",
        MODEL + "auth = { env = 'sk-secret' }\n",
        MODEL + "api_key = 'sk-secret'\n",
        MODEL + "auth = { none = 'sk-secret' }\n",
        MODEL + "base_url = 'http://me:sk-secret@host/v1'\n",
        MODEL + "base_url = 'http://host/v1?key=sk-secret'\n",
        MODEL + "max_output_tokens = 'sk-secret'\n",
    ],
)
def test_a_key_in_the_wrong_place_is_not_repeated(refused: Refused, text: str) -> None:
    error = refused(text)
    assert "secret" not in f"{error} {error.remedy} {error.data}"


@pytest.mark.parametrize("name", ["My Pod.toml", "-x.toml", "ä.toml"])
def test_a_file_name_that_is_no_pod_name_asks_for_one(desk, name: str) -> None:
    desk.write(name, MODEL)

    [error] = desk.check(name)

    assert (error.key, error.line) == ("pod.name", None)
    assert "--name" in error.remedy
    assert desk.load(name, "pod.name=fine").manifest.pod.name == "fine"


def test_a_missing_file_is_no_such_file(desk) -> None:
    for name in ("gone.toml", "gone/pod.toml"):
        with pytest.raises(NoSuchError) as caught:
            desk.load(name)
        assert caught.value.code == "no_such_file"
        assert caught.value.exit_code == 3
        with pytest.raises(NoSuchError):
            desk.check(name)


def test_a_directory_or_a_pipe_is_no_manifest(desk) -> None:
    (desk.directory / "d.toml").mkdir()
    os.mkfifo(desk.directory / "p.toml")
    for name in ("d.toml", "p.toml"):
        [error] = desk.check(name)
        assert error.path == str(desk.directory / name)


def test_an_unreadable_file_says_so(desk) -> None:
    path = desk.write("pod.toml", MODEL)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("permission bits do not bind root")
    [error] = desk.check("pod.toml")
    assert error.path == str(path)


def test_an_unreadable_workdir_says_so(desk) -> None:
    desk.write("pod.toml", MODEL + "[pod]\nworkdir = 'closed'\n")
    closed: Path = desk.directory / "closed"
    closed.mkdir(mode=0)
    if os.access(closed, os.R_OK):
        pytest.skip("permission bits do not bind root")
    [error] = desk.check("pod.toml")
    assert (error.key, error.line) == ("pod.workdir", 4)


def test_bytes_that_are_no_text_are_found_by_line(desk) -> None:
    path = desk.write("pod.toml", MODEL)
    path.write_bytes(b"# fine\n[pod]\nname = '\xff'\n")
    [error] = desk.check("pod.toml")
    assert error.line == 3


def test_a_file_that_cannot_be_a_manifest_is_not_read_whole(desk) -> None:
    path = desk.write("pod.toml", MODEL)
    os.truncate(path, 10_000_000_000)
    [error] = desk.check("pod.toml")
    assert error.path == str(path)


def test_a_path_that_is_not_utf_8_cannot_be_written_down(desk) -> None:
    strange = desk.directory / "\udcff"
    strange.mkdir()
    (strange / "pod.toml").write_text(MODEL, encoding="utf-8")

    [error] = desk.check("\udcff/pod.toml", "pod.name=x")
    assert error.path.isascii()

    desk.user(MODEL)
    request = dataclasses.replace(
        desk.request(None, "pod.name=x"), caller_directory=strange
    )
    [error] = check(request)
    assert error.key == "pod.workdir"


def test_a_byte_order_mark_and_dos_lines_are_no_fault(desk) -> None:
    path = desk.write("pod.toml", "")
    path.write_bytes(b"\xef\xbb\xbf" + MODEL.replace("\n", "\r\n").encode())
    assert desk.load("pod.toml").manifest.model.name == "m"
