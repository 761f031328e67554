"""A pod whose model writes Python: calls, values, floods, kills and cancels."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from podd.core.session import entries as e
from podd.sandbox.probe import probe
from tests.end_to_end.families import says
from tests.end_to_end.raw_client import raw_client
from tests.end_to_end.shell import Shell, gone, until_true, watched
from tests.launch.pods import entries

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.processes,
    pytest.mark.skipif(probe().means is None, reason="no code is confined here"),
]

CODE = '[agent]\ndriver = "code"\n[tools]\nallow = ["read_file", "write_file"]\n'
FLOOD_BYTES = 100_000_000


def block(*lines: str) -> str:
    """A step that answers with code."""
    code = "\n".join(lines)
    return f"text = '''\n```python\n{code}\n```\n'''"


def test_code_calls_tools_as_functions_keeps_names_and_submits(shell: Shell) -> None:
    (shell.directory / "work").mkdir()
    (shell.directory / "work" / "n").write_text("20\n22\n", encoding="utf-8")
    manifest = shell.manifest(
        block(
            "import re",
            "found = [int(x) for x in re.findall(r'\\b\\d\\d\\b', read_file('n'))]",
            "found",
        ),
        block("write_file('sum', str(sum(found)))", "submit({'sum': sum(found)})"),
        more=CODE,
    )
    shell.spawned(manifest)

    said = shell("run", "demo", "add them up", "--json")

    assert said.code == 0
    assert said.document["result"]["value"] == {"sum": 42}
    assert (shell.directory / "work" / "sum").read_text(encoding="utf-8") == "42"
    assert [x["output"] for x in said.lines if x.get("event") == "code_ended"] == [
        "[20, 22]\n",
        "",
    ]
    assert said.events.count("tool_result") == 2


def test_code_reaches_neither_the_scope_nor_the_network_by_itself(
    shell: Shell,
) -> None:
    (shell.directory / "work").mkdir()
    (shell.directory / "work" / "secret").write_text("hush", encoding="utf-8")
    manifest = shell.manifest(
        block(
            "import socket",
            "def tried(what):",
            "    try: return what()",
            "    except OSError as error: return 'refused'",
            f"tried(lambda: open({str(shell.directory / 'work' / 'secret')!r}).read())",
        ),
        block("tried(lambda: socket.create_connection(('127.0.0.1', 1), 5))"),
        block("submit(read_file('secret'))"),
        more=CODE + '[sandbox]\nnetwork = "deny"\n',
    )
    shell.spawned(manifest)

    said = shell("run", "demo", "go", "--json")

    assert [x["output"] for x in said.lines if x.get("event") == "code_ended"] == [
        "'refused'\n",
        "'refused'\n",
        "",
    ]
    assert "hush" in said.document["result"]["value"]


def test_a_flood_is_bounded_and_kept_in_a_file(shell: Shell) -> None:
    manifest = shell.manifest(
        block(
            "line = 'x' * 99 + chr(10)",
            f"for _ in range({FLOOD_BYTES} // 100): print(line, end='')",
        ),
        says("that was much"),
        more=CODE,
    )
    pod = shell.spawned(manifest)

    said = shell("run", "demo", "go", "--json")

    assert said.document["result"]["text"] == "that was much"
    [ended] = [x for x in said.lines if x.get("event") == "code_ended"]
    assert ended["status"] == "ok"
    assert len(ended["output"]) < 100_000
    kept = Path(ended["spilled_to"]).stat()
    assert 0 < kept.st_size <= FLOOD_BYTES
    assert shell("session", "verify", pod["session"]).code == 0


def test_a_pod_that_is_killed_while_code_runs_tells_its_model_and_goes_on(
    shell: Shell,
) -> None:
    manifest = shell.manifest(
        block("x = 1"),
        block("write_file('there', 'yes')", "while True: pass"),
        block("submit('x' in globals())"),
        more=CODE,
    )
    pod = shell.spawned(manifest, "go")
    made = shell.directory / "work" / "there"
    until_true(made.exists)
    with raw_client(pod["socket"], after=0) as client:
        client.until("tool_result")
    running = [one for one in shell.processes() if one != pod["pid"]]
    with watched(pod["pid"]) as process:
        signal.pidfd_send_signal(process, signal.SIGKILL)
        assert gone(process)

    said = shell("resume", "demo", "--json")

    assert said.code == 0, said
    result = said.document["result"]
    assert (result["outcome"]["kind"], result["value"]) == ("completed", False)
    journal = entries(shell.places, pod["session"])
    ended = [x for x in journal if isinstance(x, e.CodeEnded)]
    assert [x.status for x in ended] == ["ok", "unknown", "ok"]
    assert [x.status for x in journal if isinstance(x, e.ToolResulted)] == ["ok"]
    assert not set(running) & set(shell.processes())
    assert shell("session", "verify", pod["session"]).code == 0


def test_a_cancelled_turn_ends_its_code_and_the_next_one_has_its_names(
    shell: Shell,
) -> None:
    manifest = shell.manifest(
        block("x = 42", "write_file('there', 'yes')", "while True: pass"),
        block("submit(x)"),
        more=CODE,
    )
    pod = shell.spawned(manifest, "go")
    with raw_client(pod["socket"], after=0) as client:
        client.until("tool_result")
        cancelled = shell("cancel", "demo")
        ended = client.until("turn_ended")

    said = shell("run", "demo", "again", "--json")

    assert cancelled.code == 0
    assert ended["outcome"]["kind"] == "cancelled"
    assert said.document["result"]["value"] == 42
    assert said.events.count("code_ended") == 1


@pytest.mark.parametrize(
    ("levels", "statuses"),
    [(50, ["ok"]), (900, ["error", "ok"]), (5000, ["error", "ok"])],
)
def test_a_value_that_is_too_deep_for_its_readers_is_an_error_of_the_code(
    shell: Shell, levels: int, statuses: list[str]
) -> None:
    manifest = shell.manifest(
        block("deep = []", f"for _ in range({levels}): deep = [deep]", "submit(deep)"),
        block("submit('shallow')"),
        more=CODE,
    )
    pod = shell.spawned(manifest)

    said = shell("run", "demo", "go", "--json")

    assert said.code == 0, said
    ended = [x for x in said.lines if x.get("event") == "code_ended"]
    assert [x["status"] for x in ended] == statuses
    assert shell("session", "verify", pod["session"]).code == 0
