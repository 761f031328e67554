"""The escape corpus: each attempt is refused, and comes through without its defence."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from podd.core.scope.rules import Rule, Scope
from podd.sandbox import launching
from podd.sandbox.command import CommandRequest
from podd.sandbox.probe import probe
from podd.sandbox.sandbox import Sandbox
from podd.sandbox.settings import Means, SandboxSettings
from tests.sandbox import (
    escape_attributes,
    escape_files,
    escape_holes,
    escape_limits,
    escape_machine,
    escape_mounts,
    escape_processes,
    escape_repositories,
    escape_secrets,
    escape_sockets,
)
from tests.sandbox.escape_attempt import Attempt, Defence
from tests.sandbox.escape_world import World, limited

pytestmark = pytest.mark.processes
in_one_loop = pytest.mark.asyncio(loop_scope="module")

CORPUS: tuple[Attempt, ...] = (
    *escape_files.ATTEMPTS,
    *escape_attributes.ATTEMPTS,
    *escape_holes.ATTEMPTS,
    *escape_repositories.ATTEMPTS,
    *escape_mounts.ATTEMPTS,
    *escape_processes.ATTEMPTS,
    *escape_machine.ATTEMPTS,
    *escape_sockets.ATTEMPTS,
    *escape_secrets.ATTEMPTS,
    *escape_limits.ATTEMPTS,
)
each = pytest.mark.parametrize("attempt", CORPUS, ids=lambda attempt: attempt.name)

_PROGRAM = """
import sys
sys.path.append(sys.argv.pop(1))
{lines}
from podd.sandbox.launcher import main
main()
"""


class OpenSandbox(Sandbox):
    """One whose plans can be altered on their way to the launcher."""

    def _message(self, request):
        message = super()._message(request)
        message["plan"] = self.alter(message["plan"])
        return message


class Pool:
    """Sandboxes, one for each kind that was asked for: a launcher takes a while."""

    def __init__(self, directory):
        self._directory = directory
        self._sandboxes = {}
        self._count = 0

    async def run(
        self,
        attempt: Attempt,
        world: World,
        *,
        means: Means | None = "namespaces",
        without: Iterable[Defence] = (),
    ) -> str:
        """Make an attempt and return what it printed."""
        rules, settings, lines = world.rules, _settings(attempt, world), []
        for defence in without:
            rules = defence.rules(world) if defence.rules else rules
            settings = defence.settings(settings) if defence.settings else settings
            means = None if defence.is_all else means
            lines.append(defence.launcher)
        if attempt.planted_for is not None:
            lines.append(attempt.planted_for(world))
        sandbox = self._sandbox(
            means,
            settings,
            _environment(attempt, world),
            "".join((attempt.planted, *lines)),
        )

        def alter(plan):
            for defence in without:
                plan = defence.plan(world, plan) if defence.plan else plan
            return plan

        sandbox.alter = alter
        world.before = world.snapshot()
        self._count += 1
        request = CommandRequest(
            id=f"c{self._count}",
            command=attempt.command(world),
            cwd=str(world.scope),
            scope=Scope(rules=rules),
            timeout_seconds=15,
            grace_seconds=0.1,
        )
        running = await limited(sandbox.start(request))
        output = b"".join([chunk async for chunk in running.chunks()])
        await limited(running.ended())
        await running.aclose()
        await self._close_those_of(world)
        return output.decode(errors="replace")

    def _sandbox(self, means, settings, environment, lines) -> OpenSandbox:
        key = (
            means,
            msgspec.json.encode(settings),
            *sorted(environment.items()),
            lines,
        )
        if key not in self._sandboxes:
            # Read when the launcher is started, which is now or not at all.
            launching._PROGRAM = _PROGRAM.format(lines=lines)
            sandbox = OpenSandbox(
                means=means,
                settings=settings,
                environment=environment,
                private=self._directory / f"private{self._count}",
                life=None,
            )
            sandbox._launch()
            self._sandboxes[key] = sandbox
        return self._sandboxes[key]

    async def _close_those_of(self, world):
        """Close what no other world can use."""
        for key in list(self._sandboxes):
            if str(world.root) in str(key):
                await self._sandboxes.pop(key).aclose()

    async def aclose(self):
        for sandbox in self._sandboxes.values():
            await sandbox.aclose()


def _settings(attempt: Attempt, world: World) -> SandboxSettings:
    return SandboxSettings(**(attempt.settings(world) if attempt.settings else {}))


def _environment(attempt: Attempt, world: World) -> dict[str, str]:
    more = attempt.environment(world) if attempt.environment else {}

    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    return {"PATH": path, "HOME": "/nonexistent/home", **more}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(tmp_path_factory):
    before = launching._PROGRAM
    made = Pool(tmp_path_factory.mktemp("escapes"))
    yield made
    await made.aclose()
    launching._PROGRAM = before


@pytest.fixture(scope="session")
def landlock_alone():
    """Skip where there is no Landlock, or no filter."""
    for name in ("landlock", "seccomp"):
        feature = probe().feature(name)
        if not feature.works:
            pytest.skip(f"no {name} here: {feature.detail}")


@pytest.fixture
def world(attempt):
    for need in attempt.needs:
        if reason := need():
            pytest.skip(reason)
    umask = os.umask(0o022)
    made = World()
    try:
        if attempt.prepare is not None:
            attempt.prepare(made)
        made.rules += tuple(
            Rule(path=str(made.root / name), access=access)
            for name, access in attempt.holes.items()
        )
        made.watched += [
            made.root / name
            for name, access in attempt.holes.items()
            if access in {"read_only", "hidden"}
        ]
        yield made
    finally:
        made.close()
        os.umask(umask)


def test_there_are_enough_and_no_two_have_one_name():
    names = [attempt.name for attempt in CORPUS]
    stopped = [attempt for attempt in CORPUS if "namespaces" not in attempt.gaps]

    assert len(set(names)) == len(names)
    assert len(stopped) >= 100
    assert all(attempt.without for attempt in stopped)


@each
@in_one_loop
async def test_an_attempt_is_refused(pool, world, attempt, namespaces):
    output = await pool.run(attempt, world)

    came_through = attempt.proof(world, output)

    assert came_through == ("namespaces" in attempt.gaps), output


@each
@in_one_loop
async def test_without_its_defence_it_comes_through(pool, world, attempt, namespaces):
    world.patience_seconds = 5
    output = await pool.run(attempt, world, without=attempt.without)

    assert attempt.proof(world, output), output


@each
@in_one_loop
async def test_without_namespaces_it_is_refused_or_a_gap_that_is_named(
    pool, world, attempt, landlock_alone
):
    output = await pool.run(attempt, world, means="landlock")

    came_through = attempt.proof(world, output)

    assert came_through == ("landlock" in attempt.gaps), output
