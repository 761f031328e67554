"""A pod's process: from the start message on stdin to the exit status."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import Final

import anyio
import msgspec

from podd.controller.description import Description, declared
from podd.controller.dispatch import Dispatch
from podd.controller.server import Server
from podd.core.turn import inputs as i
from podd.errors import LeaseLostError, PoddError
from podd.journal.disk import KERNEL_DISK, Disk
from podd.launch.message import NotStarted, Ready, Report, StartMessage
from podd.paths import private_directory
from podd.pod.records import Records
from podd.runtime.assembly import Pod, assemble
from podd.runtime.clock import SystemClock
from podd.runtime.crash_points import NO_CRASH_POINTS, CrashPoints
from podd.runtime.driver import Told
from podd.runtime.forking import SessionForks
from podd.runtime.relay import Relay
from podd_protocol import events as v

#: How often a pod looks whether its scope is still its own, and whether a full disk
#: has room again. Each write looks at the scope by itself.
WATCH_SECONDS: Final = 2.0

_encoder: Final = msgspec.json.Encoder()


class Reporter:
    """Tells the starter, once, what became of the start."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def tell(self, report: Report) -> None:
        """A starter that has gone is no error; a second report goes nowhere."""
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, _encoder.encode(report) + b"\n")
        except BrokenPipeError:
            pass
        finally:
            os.close(self._descriptor)
            self._descriptor = None


def main(
    crash: CrashPoints = NO_CRASH_POINTS,
    disk: Disk = KERNEL_DISK,
) -> int:
    """Be a pod, to the end; the exit status.

    Args:
        crash: a test's, that ends the process at a point of its way.
        disk: a test's, that ends it at a write, or fails.
    """
    message = msgspec.json.decode(sys.stdin.buffer.read(), type=StartMessage)
    reporter = Reporter(os.dup(1))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    failures: list[PoddError] = []
    try:
        anyio.run(_live, message, reporter, crash, disk)
    except* PoddError as group:
        failures.append(_first(group))
    for error in failures:
        print(f"podd: {error}", file=sys.stderr)  # noqa: T201  # it is the log file
        reporter.tell(
            NotStarted(
                code=error.code,
                exit_code=error.exit_code,
                message=str(error),
                remedy=error.remedy,
                data=error.data,
            )
        )
        return error.exit_code
    return 0


def _first(group: BaseExceptionGroup[PoddError]) -> PoddError:
    inner = group.exceptions[0]
    return inner if isinstance(inner, PoddError) else _first(inner)


async def _live(
    message: StartMessage,
    reporter: Reporter,
    crash: CrashPoints,
    disk: Disk,
) -> None:
    pod: Pod | None = None
    try:
        async with anyio.create_task_group() as work:
            pod = assemble(
                message, tasks=work, clock=SystemClock(), crash=crash, disk=disk
            )
            try:
                await _serve(pod, Records(pod), reporter)
            except BaseException:
                pod.log.exception("pod_failed")
                raise
            finally:
                work.cancel_scope.cancel()
    finally:
        # Only now does nothing of ours run any more, so the scope can be given back.
        if pod is not None:
            await _let_go(pod)


async def _let_go(pod: Pod) -> None:
    import shutil  # late: with its compressors, for the end alone

    try:
        await pod.abilities.aclose()
    finally:
        # While the name is still ours: a namesake would miss its directory.
        shutil.rmtree(pod.places.pod(pod.name), ignore_errors=True)
        pod.close()


async def _serve(pod: Pod, records: Records, reporter: Reporter) -> None:
    directory = private_directory(pod.places.pod(pod.name))
    if pod.places.socket(pod.name).parent != directory:
        pod.places.link_sockets()
    server = Server(directory, pod.log)
    description = Description(
        name=pod.name,
        state=pod.state,
        feed=pod.feed,
        storage=pod.storage,
        scope=pod.lease.scope,
        workdir=pod.resolved.manifest.pod.workdir,
        declared=declared(pod.resolved.manifest),
        pid=os.getpid(),
        started_at=records.started_at,
        confinement=pod.confinement,
    )
    pod.configuring.listeners.append(
        lambda resolved: description.declare(declared(resolved.manifest))
    )
    dispatch = Dispatch(
        driver=pod.driver,
        feed=pod.feed,
        replay=pod.replay,
        description=description,
        clients=lambda: server.clients,
        log=pod.log,
        children=pod.family,
        relay=Relay(pod.places),
        configuring=pod.configuring,
        forks=SessionForks(pod.journal.directory, pod.clock),
    )
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, dispatch, tasks)
        tasks.start_soon(_heed_signals, pod)
        tasks.start_soon(_get_ready, pod, reporter)
        tasks.start_soon(_watch, pod)
        tasks.start_soon(records.keep)
        if pod.parent is not None:
            tasks.start_soon(pod.parent.tell)
            tasks.start_soon(pod.parent.outlive)
        await pod.driver.run()
        pod.feed.end()
        await _say_goodbye(pod)
        await server.finish()
        tasks.cancel_scope.cancel()
    await records.close()


async def _say_goodbye(pod: Pod) -> None:
    """Tell those above and below that this pod ends; each has its limit."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pod.family.finish)
        if pod.parent is not None:
            tasks.start_soon(pod.parent.say_goodbye)


async def _get_ready(pod: Pod, reporter: Reporter) -> None:
    """Report, then render the surface with what has to be imported for it.

    A surface with a text of the user's is rendered first: a mistake in it is told to
    whoever starts the pod.
    """
    await pod.restored.done.wait()
    own_words = pod.resolved.manifest.agent.instruction.startswith("$builtin/")
    rendered: Told | None = None
    if not own_words:
        rendered = await _render(pod)
    reporter.tell(Ready(pid=os.getpid()))
    pod.log.info("started", origin=pod.origin, n=pod.journal.last_n)
    if pod.mending is not None and pod.mending.kind != "whole":
        await _tell_mending(pod)
    if own_words:
        rendered = await _render(pod)
    # What is there now stays: from here on only what comes later is searched.
    gc.freeze()
    gc.enable()
    if rendered is not None:
        await rendered.done.wait()
    pod.configuring.ready.set()


async def _render(pod: Pod) -> Told | None:
    cause = pod.surface_cause
    if cause is None:
        return None
    surface = await pod.abilities.surface()
    manifest = pod.manifest_document if cause == "manifest_given" else None
    return pod.driver.tell(
        i.SurfaceRendered(surface=surface, cause=cause, manifest=manifest)
    )


async def _tell_mending(pod: Pod) -> None:
    mending = pod.mending
    assert mending is not None, "asked only of a session that was there"
    beside = (
        f"; what was cut off is in {mending.set_aside}" if mending.set_aside else ""
    )
    message = f"the journal's last line was not whole ({mending.kind}){beside}"
    pod.log.warning("journal_mended", kind=mending.kind, beside=str(mending.set_aside))
    await pod.feed.live(
        v.Alert(
            level="warning", source="journal", code="journal_mended", message=message
        )
    )


async def _heed_signals(pod: Pod) -> None:
    """The first SIGTERM or SIGINT drains, the second ends at once."""
    heard = False
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        # Who starts a pod with these blocked leaves them blocked over the exec.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        async for _ in signals:
            # Two may come before the driver has taken the first.
            now = heard or pod.state.stopping is not None
            heard = True
            pod.driver.tell(i.StopAsked(mode="now" if now else "drain", by="signal"))


async def _watch(pod: Pod) -> None:
    """Notice a lost lease while nothing is written, and room on a full disk."""
    lost = False
    while True:
        await pod.clock.wait(WATCH_SECONDS)
        if pod.storage.full is not None:
            pod.driver.wake()
        if lost:
            continue
        try:
            await anyio.to_thread.run_sync(pod.lease.verify)
        except LeaseLostError as error:
            lost = True
            pod.log.warning("lease_lost", loss=error.loss, detail=error.detail)
            await pod.feed.live(
                v.Alert(
                    level="error",
                    source="scope",
                    code="lease_lost",
                    message=f"{error}; this pod writes no more",
                )
            )
