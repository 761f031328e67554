"""Run one command in a sandbox and print what became of it, as JSON.

Arguments: the scope's directory, the means, the network, the command, and names in the
scope that are read-only. For machines that offer less than this one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import anyio

from podd.core.scope.rules import Rule, Scope
from podd.errors import CommandNotStartedError
from podd.sandbox.command import CommandRequest
from podd.sandbox.sandbox import Sandbox
from podd.sandbox.settings import SandboxSettings


async def main() -> None:
    root, means, network, command, *holes = sys.argv[1:]
    sandbox = Sandbox(
        means=None if means == "none" else means,
        settings=SandboxSettings(network=network),
        environment={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        private=Path(f"{root}.private"),
        life=None,
    )
    rules = [Rule(path=root, access="write")]
    rules += [Rule(path=f"{root}/{name}", access="read_only") for name in holes]
    request = CommandRequest(
        id="one",
        command=command,
        cwd=root,
        scope=Scope(rules=tuple(rules)),
        timeout_seconds=20,
    )
    try:
        running = await sandbox.start(request)
        output = b"".join([chunk async for chunk in running.chunks()])
        ended = await running.ended()
        await running.aclose()
        said = {
            "output": output.decode(),
            "kind": ended.kind,
            "status": ended.status,
            "leftovers": ended.leftovers,
            "sees_all": running.sees_all_processes,
        }
    except CommandNotStartedError as error:
        said = {"refused": error.reason, "remedy": error.remedy}
    await sandbox.aclose()
    left = Path(f"{root}.private").exists()
    print(json.dumps({**said, "left": left}))  # noqa: T201  # it is a script


anyio.run(main)
