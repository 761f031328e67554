from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from podd.core.context.request import ToolSpec
from podd.core.scope.rules import Rule, Scope
from podd.runtime.interpreter import CodeInterpreter
from podd.runtime.interpreter_process import StrayWordsError, decode, toolchain
from podd.runtime.ports import CallAnswer
from podd.sandbox.probe import probe
from podd.sandbox.sandbox import Sandbox
from podd.sandbox.settings import CommandLimits, SandboxSettings
from podd.tools.output_store import OutputStore
from tests.sandbox.machine import NAP, named, until

LIMIT_SECONDS = 30

READ = ToolSpec(
    name="read_file",
    description="Read a file.",
    schema={
        "type": "object",
        "properties": {
            "limit": {"type": "integer", "description": "How many lines."},
            "path": {"type": "string", "description": "Which."},
        },
        "required": ["path"],
    },
)


class World:
    """An interpreter, and a scope that it may not touch."""

    def __init__(self, root, means):
        self.scope = root / "scope"
        self.scope.mkdir(parents=True)
        (self.scope / "secret").write_text("of the scope", encoding="utf-8")
        self.outputs = root / "outputs"
        self.sandbox = Sandbox(
            means=means,
            settings=SandboxSettings(
                read=toolchain(), limits=CommandLimits(memory_bytes=1 << 29)
            ),
            environment={"PATH": "/usr/bin:/bin", "HOME": str(root)},
            private=root / "private",
            life=None,
        )
        self.interpreter = CodeInterpreter(
            sandbox=self.sandbox,
            scope=lambda: Scope(rules=(Rule(path=str(self.scope), access="write"),)),
            tools=lambda: [READ],
            outputs=OutputStore(directory=str(self.outputs), default_bytes=4096),
            seconds=20,
            grace_seconds=0.5,
        )
        self.calls = []
        self.answer = CallAnswer(status="ok", summary="read", output="text")
        self.shown = []
        self.blocks = 0

    async def call(self, name, arguments):
        self.calls.append((name, arguments))
        return self.answer

    async def run(self, code, on_call=None):
        self.blocks += 1
        with anyio.fail_after(LIMIT_SECONDS):
            return await self.interpreter.run(
                code,
                block=f"b{self.blocks}",
                on_output=self.shown.append,
                on_call=on_call or self.call,
            )

    async def says(self, code):
        end = await self.run(code)
        assert end.status == "ok", (end.summary, end.output)
        return end.output


@pytest.fixture
async def world(tmp_path):
    made = World(tmp_path / "world", probe().means)
    yield made
    await made.interpreter.aclose()
    await made.sandbox.aclose()


async def test_names_live_on_and_the_last_value_is_told(world):
    await world.says("import math\nx = 40")

    assert await world.says("print('so')\nx + 2") == "so\n42\n"
    assert "".join(world.shown).endswith("so\n42\n")


async def test_a_tool_is_a_function_that_answers_with_what_it_said(world):
    assert await world.says("read_file('a', limit=3)") == "'text'\n"
    assert world.calls == [("read_file", '{"path":"a","limit":3}')]

    end = await world.run("read_file(limit=3)")
    assert end.summary.startswith("TypeError: read_file(path, limit=None): missing")

    end = await world.run("x = []\nfor _ in range(900): x = [x]\nread_file(x)")
    assert "ToolError: read_file: not run: it is nested" in end.summary
    assert len(world.calls) == 1

    world.answer = CallAnswer(status="denied", summary="not yours")
    end = await world.run(
        "try:\n read_file('a')\n"
        "except ToolError as e:\n print(e.status, e.tool)\n raise"
    )
    assert end.output.startswith("denied read_file\n")
    assert end.summary.endswith("ToolError: read_file: not yours")


async def test_threads_may_call_tools(world):
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        " found = list(pool.map(read_file, map(str, range(40))))\n"
        "len(found)"
    )
    assert await world.says(code) == "40\n"
    assert len(world.calls) == 40


async def test_submit_ends_the_block_from_anywhere(world):
    end = await world.run(
        "def f():\n try:\n  submit({'a': [1]})\n except Exception:\n  pass\n"
        "f()\nprint('on')"
    )
    assert (end.status, end.submitted, end.value) == ("ok", True, {"a": [1]})
    assert end.output == ""

    end = await world.run("x = []\nfor _ in range(900): x = [x]\nsubmit(x)")
    assert not end.submitted
    assert end.summary.endswith("nested more than 200 levels deep")

    end = await world.run("submit({1, 2})")
    assert not end.submitted
    assert end.summary.startswith("TypeError: submit() takes what JSON can say")


async def test_a_traceback_shows_the_codes_own_lines_alone(world):
    end = await world.run("def f():\n    return 1 / 0\nf()")
    assert end.summary == "ZeroDivisionError: division by zero"
    assert "return 1 / 0" in end.output
    assert "<string>" not in end.output

    end = await world.run("x = 1\ny = = 2")
    assert "line 2" in end.output
    assert "y = = 2" in end.output
    assert end.summary.startswith("SyntaxError")


async def test_code_may_exit_read_nothing_and_run_a_loop(world):
    assert (await world.run("exit()")).summary.startswith("ended by exit()")
    end = await world.run("import sys; sys.exit(3)")
    assert (end.status, end.lost) == ("error", False)
    assert (await world.run("input()")).summary.startswith("EOFError")
    assert (await world.run("import nothing_there")).summary.startswith(
        "ModuleNotFound"
    )
    code = (
        "import asyncio\nasync def f():\n await asyncio.sleep(0)\n return 7\n"
        "asyncio.run(f())"
    )
    assert await world.says(code) == "7\n"


async def test_a_block_that_never_ends_is_interrupted_and_names_live(world):
    await world.says("x = 1")
    world.interpreter.seconds = 0.5

    end = await world.run("while True: pass")

    assert (end.status, end.summary, end.lost) == ("error", "ended after 0.5 s", False)
    assert await world.says("x") == "1\n"


async def test_one_that_goes_on_is_killed_and_names_are_lost(world):
    world.interpreter.seconds = 0.5
    end = await world.run(
        "import time\nx = 1\nwhile True:\n try: time.sleep(60)\n"
        " except KeyboardInterrupt: pass"
    )

    assert end.lost
    assert "went on after KeyboardInterrupt" in end.summary
    end = await world.run("x")
    assert end.summary.startswith("NameError")
    assert "new interpreter" in end.summary


async def test_waiting_for_a_tool_takes_none_of_the_blocks_time(world):
    world.interpreter.seconds = 0.6

    async def slow(name, arguments):
        with anyio.move_on_after(0.9):
            await anyio.Event().wait()
        return world.answer

    assert (await world.run("read_file('a')", slow)).status == "ok"


@pytest.mark.parametrize("in_call", [True, False])
async def test_a_cancellation_interrupts_and_the_next_block_runs(world, in_call):
    await world.says("x = 5")
    called = anyio.Event()

    async def wait(name, arguments):
        called.set()
        if in_call:
            await anyio.Event().wait()
        return world.answer

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(world.run, "read_file('a')\nwhile True: pass", wait)
        with anyio.fail_after(LIMIT_SECONDS):
            await called.wait()
        tasks.cancel_scope.cancel()

    assert await world.says("x") == "5\n"


async def test_a_block_waits_until_the_cancelled_one_before_it_is_cleaned_up(world):
    """A cancelled turn is over at once, and the next one may be as quick."""
    called = anyio.Event()

    async def note(name, arguments):
        called.set()
        return world.answer

    slow = (
        "import time\nx = 1\ntry: read_file('a'); time.sleep(60)\n"
        "except KeyboardInterrupt: time.sleep(0.1); x = 2"
    )
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(world.run, slow, note)
        with anyio.fail_after(LIMIT_SECONDS):
            await called.wait()
        async with anyio.create_task_group() as others:

            async def go_on():
                assert await world.says("x") == "2\n"

            tasks.cancel_scope.cancel()
            others.cancel_scope.shield = True
            others.start_soon(go_on)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os._exit(3)", "exited with status 3"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL (9) (out of memory?)"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        (
            (
                "import os, time\nfor n in range(3, 20):\n try: os.write(n, b'{}\\n')\n"
                " except OSError: pass\ntime.sleep(60)"
            ),
            "own socket",
        ),
    ],
)
async def test_an_interpreter_that_is_killed_is_told_and_another_starts(
    world, code, words
):
    end = await world.run(code)

    assert (end.status, end.lost) == ("error", True)
    assert words in end.summary
    assert await world.says("1") == "1\n"


async def test_too_much_memory_is_an_error_of_the_code(world):
    end = await world.run("x = bytearray(1 << 31)")

    assert end.summary.startswith("MemoryError")
    assert await world.says("1") == "1\n"


async def test_a_flood_keeps_head_and_tail_and_the_whole_in_a_file(world):
    end = await world.run(
        "import sys\nwrite = sys.stdout.buffer.write\n"
        "write(b'head\\xff' + b'x' * 10_000_000 + b'tail\\n')\n0"
    )

    assert end.output.startswith("head")
    assert end.output.endswith("tail\n0\n")
    assert len(end.output.encode()) < 5000
    assert Path(end.spilled_to).stat().st_size == 10_000_012


async def test_what_children_print_belongs_to_the_block_and_forks_end_with_it(world):
    code = (
        "import os, subprocess\nsubprocess.run(['/bin/echo', '{\"ended\": 1}'])\n"
        "pid = os.fork()\nif pid: os.waitpid(pid, 0)\npid > 0"
    )
    assert sorted((await world.says(code)).splitlines()) == sorted(
        ['{"ended": 1}', "False", "True"]
    )


async def test_a_recursion_without_bounds_is_told(world):
    end = await world.run("def f(): return f()\nf()")

    assert end.summary.startswith("RecursionError")
    assert await world.says("1") == "1\n"


async def test_children_that_outlive_their_block_end_with_the_interpreter(world):
    await world.says(
        "import subprocess\n"
        f"p = subprocess.Popen(['/bin/sleep', '{NAP}'], start_new_session=True)"
    )
    await until(lambda: named(str(NAP)))

    await world.interpreter.aclose()

    assert not named(str(NAP))


async def test_a_thread_of_an_earlier_block_may_call_while_another_runs(world):
    code = (
        "import threading\ngo = threading.Event()\n"
        "def late():\n go.wait()\n"
        " try: read_file('a')\n except ToolError as e: told.append(e.status)\n"
        "told = []\nt = threading.Thread(target=late)\nt.start()"
    )
    await world.says(code)
    assert await world.says("go.set()\nt.join()\ntold") == "[]\n"
    assert len(world.calls) == 1


@pytest.mark.parametrize("means", ["namespaces", "landlock"])
async def test_code_touches_nothing_but_its_own_directory(tmp_path, means):
    if not probe().feature(means).works:
        pytest.skip(f"no {means} here")
    world = World(tmp_path / "world", means)
    try:
        for code in (
            f"open({str(world.scope / 'secret')!r})",
            f"open({str(world.scope / 'new')!r}, 'w')",
            "open('/etc/podd-was-here', 'w')",
        ):
            end = await world.run(code)
            assert end.status == "error", code
            assert "Error" in end.summary
            assert "ended" not in end.summary
        assert await world.says("open('mine', 'w').write('abc')") == "3\n"
        await world.run(f"open({str(tmp_path / 'beside')!r}, 'w')")
        assert not (tmp_path / "beside").exists()
        assert [path.name for path in world.scope.iterdir()] == ["secret"]
    finally:
        await world.interpreter.aclose()
        await world.sandbox.aclose()


async def test_where_nothing_confines_it_runs_all_the_same(tmp_path):
    world = World(tmp_path / "world", None)
    try:
        assert await world.says("read_file('a')") == "'text'\n"
    finally:
        await world.interpreter.aclose()
        await world.sandbox.aclose()


@pytest.mark.parametrize("line", [b"", b"[]", b'{"call": 1}', b"\xff", b"[" * 100_000])
def test_words_that_do_not_fit_are_refused(line):
    with pytest.raises(StrayWordsError):
        decode(line)
