"""A process that holds a sandbox, as a pod does; to be killed.

Arguments: the scope's directory, the life file, the means, the command. Says `running`
and the launcher's pid when the command runs, and then does nothing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio

from podd.core.scope.rules import Rule, Scope
from podd.sandbox.command import CommandRequest
from podd.sandbox.sandbox import Sandbox
from podd.sandbox.settings import SandboxSettings
from podd.scope_lock.identity import own_identity
from podd.scope_lock.life import LifeLock


async def main() -> None:
    root, life_file, means, command = sys.argv[1:]
    life = LifeLock.create(Path(life_file))
    life.write_down("pod", own_identity())
    sandbox = Sandbox(
        means=means,
        settings=SandboxSettings(),
        environment={"PATH": os.environ["PATH"], "HOME": root},
        private=Path(f"{root}.private"),
        life=life.descriptor,
    )
    scope = Scope(rules=(Rule(path=root, access="write"),))
    running = await sandbox.start(
        CommandRequest(id="one", command=command, cwd=root, scope=scope)
    )
    async for chunk in running.chunks():
        if b"ready" in chunk:
            print("running", sandbox._launcher.pid, flush=True)  # noqa: T201  # it is a script


anyio.run(main)
