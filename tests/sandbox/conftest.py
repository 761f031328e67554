from __future__ import annotations

import os

import anyio
import msgspec
import pytest

from podd.core.scope.rules import Rule, Scope
from podd.sandbox.command import CommandRequest, Ended
from podd.sandbox.probe import probe
from podd.sandbox.sandbox import Sandbox
from podd.sandbox.settings import SandboxSettings
from tests.sandbox.machine import LIMIT_SECONDS


@pytest.fixture(scope="session")
def namespaces():
    """Skip where the machine lets us have none."""
    feature = probe().feature("namespaces")
    if not feature.works:
        pytest.skip(f"no namespaces here: {feature.detail}")


class Box:
    """A scope in a directory of its own, and a sandbox for it."""

    def __init__(self, root, home):
        self.root = root
        self.scope = root / "scope"
        self.beside = root / "beside"
        self.home = home
        for directory in (self.scope, self.beside, home):
            directory.mkdir(parents=True)
        self.rules = (Rule(path=str(self.scope), access="write"),)
        self.settings = SandboxSettings()
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home)}
        self.means = "namespaces"
        self.life = None
        self.count = 0
        self.sandboxes = []
        self._sandbox = None

    @property
    def sandbox(self):
        """Made when first asked for, so a test can change what it is made of."""
        if self._sandbox is None:
            self._sandbox = Sandbox(
                means=self.means,
                settings=self.settings,
                environment=self.environment,
                private=self.root / "private",
                life=self.life,
            )
        return self._sandbox

    def set(self, **settings):
        self.settings = msgspec.structs.replace(self.settings, **settings)

    def rule(self, name, access, **more):
        self.rules += (Rule(path=str(self.root / name), access=access, **more),)

    def request(self, command, **more):
        self.count += 1
        return CommandRequest(
            id=f"c{self.count}",
            command=command,
            **{
                "cwd": str(self.scope),
                "scope": Scope(rules=self.rules),
                "timeout_seconds": LIMIT_SECONDS,
                "grace_seconds": 0.2,
                **more,
            },
        )

    async def start(self, command, **more):
        with anyio.fail_after(LIMIT_SECONDS):
            return await self.sandbox.start(self.request(command, **more))

    async def run(self, command, **more) -> tuple[str, Ended]:
        """Run it to its end; what it printed, and how it ended."""
        running = await self.start(command, **more)
        with anyio.fail_after(LIMIT_SECONDS):
            output = b"".join([chunk async for chunk in running.chunks()])
            ended = await running.ended()
        await running.aclose()
        return output.decode(), ended

    async def says(self, command, **more) -> str:
        """What a command prints that has to succeed."""
        output, ended = await self.run(command, **more)
        assert (ended.kind, ended.status) == ("exited", 0), output
        return output

    async def fails(self, command, **more) -> str:
        """What a command prints that must not succeed."""
        output, ended = await self.run(command, **more)
        assert ended.kind == "exited", output
        assert ended.status != 0, output
        return output

    async def aclose(self):
        if self._sandbox is not None:
            await self._sandbox.aclose()


@pytest.fixture
async def box(tmp_path):
    # The umask of whoever runs the tests has no say in what they find.
    before = os.umask(0o022)
    made = Box(tmp_path / "box", tmp_path / "box" / "home")
    yield made
    await made.aclose()
    os.umask(before)
