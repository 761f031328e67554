"""A command in the sandbox against the same one bare."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

import anyio
from ratio import compare, show

from podd.core.scope.rules import Rule, Scope
from podd.sandbox.command import CommandRequest
from podd.sandbox.probe import probe
from podd.sandbox.sandbox import Sandbox
from podd.sandbox.settings import SandboxSettings

COMMANDS = 20
#: What a shell does with nothing to do, and what a tool does that reads a tree.
TEXTS = {"true": "true", "wc of /etc": "wc -c /etc/*.conf > /dev/null"}


def main() -> None:
    means = probe().means
    if means is None:
        print("no command can be held on this machine; podctl doctor says why")
        return
    figures = []
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        work = os.path.realpath(directory)
        sandbox = Sandbox(
            means=means,
            settings=SandboxSettings(),
            environment=os.environ,
            private=Path(work) / "private",
            life=None,
        )
        scope = Scope((Rule(work, "write"),))

        async def confined(text: str) -> float:
            before = time.perf_counter()
            for number in range(COMMANDS):
                command = await sandbox.start(
                    CommandRequest(id=str(number), command=text, cwd=work, scope=scope)
                )
                async for _ in command.chunks():
                    pass
                assert (await command.ended()).status == 0
                await command.aclose()
            return time.perf_counter() - before

        def bare(text: str) -> float:
            before = time.perf_counter()
            for _ in range(COMMANDS):
                subprocess.run(["/bin/bash", "-c", text], check=True, cwd=work)
            return time.perf_counter() - before

        async def measure() -> None:
            await confined("true")  # the launcher is started once a pod
            for name, text in TEXTS.items():
                figures.append(
                    await anyio.to_thread.run_sync(
                        lambda name=name, text=text: compare(
                            f"confined {name}, by {means}",
                            "",
                            lambda: anyio.from_thread.run(confined, text),
                            lambda: bare(text),
                        )
                    )
                )
            await sandbox.aclose()

        anyio.run(measure)
    show(figures, unit=f"ms for {COMMANDS}")


main()
