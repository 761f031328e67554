"""The border of podctl: verbs, options that work everywhere, errors, exit codes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from podd import __version__
from podd.cli import main as border
from podd.cli.main import group, main
from podd.cli.verb import Verb, VerbGroup
from podd.cli.verbs import ALIASES, VERBS
from podd.errors import NameTakenError
from podd.paths import Places
from tests.client.fake_pod import LIMIT_SECONDS, fake_pod

Captured = pytest.CaptureFixture[str]


def _podctl(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "podd.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, **more},
        encoding="utf-8",
    )


def _modules_of(*arguments: str) -> set[str]:
    """What a process that runs podctl so has imported at its end."""
    program = (
        "import sys\n"
        "from podd.cli.main import main\n"
        "code = main(sys.argv[1:])\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)\n"
        "raise SystemExit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        encoding="utf-8",
    )
    return set(done.stderr.split())


def _raising(error: BaseException) -> Callable[[], None]:
    def callback() -> None:
        raise error

    return callback


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make the verb `cancel` raise."""

    def fail(error: BaseException) -> None:
        verb = Verb("cancel", callback=_raising(error), example="podctl cancel")
        monkeypatch.setattr(border.LazyGroup, "get_command", lambda *_: verb)

    return fail


def test_alone_it_prints_its_help(capsys: Captured) -> None:
    code = main([])

    assert code == 0
    assert capsys.readouterr().out.startswith("Usage: podctl")


def test_its_help_names_every_verb(capsys: Captured) -> None:
    main(["--help"])

    shown = {
        line.split()[0]
        for line in capsys.readouterr().out.partition("Verbs:")[2].splitlines()
        if line.strip()
    }
    assert shown == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_the_help_of_the_table_and_an_example(verb: str) -> None:
    context = click.Context(group, info_name="podctl")
    command = group.get_command(context, verb)
    assert isinstance(command, Verb | VerbGroup)
    inside = click.Context(command, info_name=verb, parent=context)

    help_text = command.get_help(inside)

    assert (command.help or "").partition("\n")[0] == VERBS[verb]
    assert f"podctl {verb}" in help_text.partition("Example:")[2]
    assert max(map(len, help_text.splitlines())) <= 80


@pytest.mark.parametrize(("alias", "verb"), ALIASES.items())
def test_an_alias_is_its_verb(alias: str, verb: str, capsys: Captured) -> None:
    main([alias, "--help"])

    assert capsys.readouterr().out.startswith(f"Usage: podctl {verb} ")


def test_help_imports_no_verb_and_nothing_slow() -> None:
    modules = _modules_of("--help")

    assert {name for name in modules if name.startswith("podd")} == {
        "podd",
        "podd.cli",
        "podd.cli.main",
        "podd.cli.output",
        "podd.cli.verb",
        "podd.cli.verbs",
    }
    assert "msgspec" not in modules


SLOW = {
    "asyncio",
    "anyio",
    "httpx",
    "rich",
    "tomllib",
    "sqlite3",
    "psutil",
    "jinja2",
    "structlog",
    "subprocess",
    "logging",
}


def test_a_list_imports_little(universe: Places) -> None:
    with fake_pod(universe.socket("demo")):
        modules = _modules_of("list", "--json")

    rooms = {name.split(".")[1] for name in modules if name.startswith("podd.")}
    assert rooms == {"cli", "client", "errors", "paths"}
    assert modules & SLOW == set()


@pytest.mark.parametrize("verb", ["run", "events", "notify", "pause", "cancel"])
def test_the_help_of_a_live_verb_imports_little(verb: str) -> None:
    modules = _modules_of(verb, "--help")

    assert modules & SLOW == set()
    assert not any(name.startswith("podd.launch") for name in modules)


@pytest.mark.parametrize("given", [["--version"], ["list", "--version"]])
def test_the_version_is_told_anywhere(given: list[str], capsys: Captured) -> None:
    words = main(given)
    spoken = capsys.readouterr().out
    main([*given, "--json"])
    document = json.loads(capsys.readouterr().out)

    assert words == 0
    assert spoken == f"podctl {__version__}\n"
    assert document == {"schema_version": 1, "version": __version__}


@pytest.mark.parametrize(
    "given", [["--json", "pause", "demo"], ["pause", "demo", "--json"]]
)
def test_options_mean_the_same_before_and_behind_the_verb(
    given: list[str], universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")):
        code = main(given)

    assert code == 0
    assert json.loads(capsys.readouterr().out) == {
        "schema_version": 1,
        "paused": ["demo"],
    }


@pytest.mark.parametrize(
    "given",
    [
        ["lst"],
        ["list", "--bogus"],
        ["run"],
        ["--timeout", "0", "list"],
        ["--timeout", "soon", "list"],
        ["wait", "x", "--for", "ever"],
    ],
)
def test_a_line_that_makes_no_sense_ends_with_2_in_both_forms(
    given: list[str], capsys: Captured
) -> None:
    words = main(given)
    spoken = capsys.readouterr()
    code = main(["--json", *given])
    said = capsys.readouterr()

    assert (words, code) == (2, 2)
    assert spoken.out == ""
    assert spoken.err.startswith("podctl: ")
    assert json.loads(said.out.splitlines()[-1])["error"]["code"] == "usage"


def test_an_unknown_verb_gets_the_nearest_one_suggested(capsys: Captured) -> None:
    main(["cancle"])

    assert "'cancel'" in capsys.readouterr().err


TAKEN = NameTakenError(name="demo", pid=7, since="2026-11-20T10:00:00.000Z")


def test_an_error_says_what_to_do(
    failing: Callable[[BaseException], None], capsys: Captured
) -> None:
    failing(TAKEN)

    code = main(["cancel"])

    said = capsys.readouterr()
    assert code == 4
    assert said.out == ""
    assert said.err.splitlines() == [f"podctl: {TAKEN}", f"  {TAKEN.remedy}"]


def test_an_error_as_json_is_the_last_line_of_stdout(
    failing: Callable[[BaseException], None], capsys: Captured
) -> None:
    failing(TAKEN)

    code = main(["cancel", "--json"])

    document = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert code == 4
    assert list(document) == ["schema_version", "error"]
    assert document["error"] == {
        "code": "name_taken",
        "message": str(TAKEN),
        "remedy": TAKEN.remedy,
        "data": TAKEN.data,
    }


def test_a_defect_is_owned_up_to_and_its_trace_is_for_who_asks(
    failing: Callable[[BaseException], None], capsys: Captured
) -> None:
    failing(ZeroDivisionError("oh"))

    code = main(["cancel"])
    plain = capsys.readouterr().err
    main(["cancel", "-v"])
    verbose = capsys.readouterr().err
    main(["cancel", "--json"])
    document = json.loads(capsys.readouterr().out)

    assert code == 1
    assert "Traceback" not in plain
    assert "Traceback" in verbose
    assert document["error"]["code"] == "internal"
    assert document["error"]["remedy"]


def test_a_file_that_is_not_ours_to_use_is_no_defect(
    failing: Callable[[BaseException], None], capsys: Captured
) -> None:
    failing(PermissionError(13, "Permission denied", "/there"))

    code = main(["cancel", "--json"])
    error = json.loads(capsys.readouterr().out)["error"]

    assert (code, error["code"]) == (5, "denied")
    assert error["data"] == {"path": "/there", "reason": "Permission denied"}


@pytest.mark.parametrize(
    "words",
    [
        *(["list"], ["status", "x"], ["run", "x", "hi"], ["stop", "--all"]),
        *(["kill", "x"], ["wait", "x"], ["events", "x"], ["scope", "list"]),
        *(["scope", "check", "."], ["scope", "reclaim"], ["resume", "x"]),
    ],
    ids=" ".join,
)
def test_a_runtime_directory_that_others_may_write_is_refused(
    universe: Places, capsys: Captured, words: list[str]
) -> None:
    universe.runtime.mkdir()
    universe.runtime.chmod(0o777)

    code = main([*words, "--json"])
    error = json.loads(capsys.readouterr().out)["error"]

    assert (code, error["code"]) == (5, "denied")
    assert error["data"]["path"] == str(universe.runtime)
    assert list(universe.runtime.iterdir()) == []


def test_an_interrupt_ends_with_130(
    failing: Callable[[BaseException], None], capsys: Captured
) -> None:
    failing(KeyboardInterrupt())

    assert main(["cancel"]) == 130
    assert main(["cancel", "--json"]) == 130
    document = json.loads(capsys.readouterr().out)
    assert document["error"]["code"] == "interrupted"


@pytest.mark.processes
def test_a_reader_that_leaves_is_no_error(universe: Places) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        [sys.executable, "-P", "-m", "podd.cli", "--help"],
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=30,
        check=False,
    )
    os.close(writer)

    assert done.returncode == 1
    assert done.stderr == b""


@pytest.mark.processes
def test_json_is_utf_8_whatever_the_locale(universe: Places, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "podd.cli", "--json", "prüfe"],
        capture_output=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"},
    )

    assert "prüfe" in json.loads(done.stdout)["error"]["message"]


@pytest.mark.processes
def test_text_that_the_locale_cannot_print_is_no_error(universe: Places) -> None:
    done = _podctl("prüfe", PYTHONIOENCODING="ascii", PYTHONUTF8="1")

    assert done.returncode == 2
    assert done.stderr.startswith("podctl: ")


@pytest.mark.processes
def test_the_shell_gets_the_verbs(universe: Places) -> None:
    done = _podctl(
        _PODCTL_COMPLETE="bash_complete", COMP_WORDS="podctl sp", COMP_CWORD="1"
    )

    assert done.stdout.split() == ["plain,spawn"]


@pytest.mark.processes
def test_ctrl_c_while_following_events_ends_with_130(universe: Places) -> None:
    from podd_protocol.requests import Subscribe

    with fake_pod(universe.socket("demo")) as pod:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "podd.cli", "events", "demo"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            pod.wait_for(Subscribe)
            process.send_signal(signal.SIGINT)
            _out, err = process.communicate(timeout=LIMIT_SECONDS)
        finally:
            process.kill()
            process.wait()

    assert process.returncode == 130
    assert b"Traceback" not in err
