"""Starting a pod, in the order that leaves nothing behind when a step fails.

The scope is taken first, under a life lock whose descriptor goes down to the new
process. The process adopts the allocation before it reports; then our copy of the
descriptor is closed, and from there on only the pod's death frees the scope.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass

import msgspec

from podd.core.session.stamps import rfc3339, uuid7
from podd.errors import PoddError, PodNotAnsweringError, StartFailedError, UsageError
from podd.launch.ending import end
from podd.launch.message import NotStarted, Ready, StartMessage
from podd.launch.model import model_settings
from podd.launch.process import PodProcess, Silence
from podd.launch.session import newest_manifest, remove_unborn
from podd.manifest.document import from_document, to_document
from podd.manifest.resolved import Resolved
from podd.paths import Places, private_directory
from podd.providers.registry import check_script, missing_key
from podd.scope_lock.allocation import Allocation, Request, allocate, give_back
from podd.scope_lock.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """What is to be started."""

    places: Places
    resolved: Resolved | None
    """None: the session's own manifest; then `resume` says which."""
    name: str | None = None
    """Instead of the manifest's."""
    resume: str | None = None
    """A session to go on with."""
    replace: bool = False
    """End a live pod of this name first."""
    timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A pod that answers."""

    name: str
    session: str
    socket: str
    pid: int
    log: str
    warnings: tuple[str, ...] = ()


def start(request: StartRequest) -> Started:
    """Start a pod and return when its socket answers.

    Raises:
        MissingKeyError: its provider's key is not in the environment.
        ManifestError, NoSuchError: its script is broken or missing.
        NameTakenError, ScopeConflictError, SessionHeldError: someone must give way.
        StartFailedError: the pod said why it cannot start.
        PodNotAnsweringError: it died, or said nothing, within the time given.
    """
    resolved = request.resolved
    if resolved is None:
        resolved = _session_manifest(request)
    name = request.name or resolved.manifest.pod.name
    settings = model_settings(resolved.manifest.model)
    if (lacking := missing_key(settings, os.environ)) is not None:
        raise lacking
    check_script(settings)
    places = request.places
    private_directory(places.state)
    session = request.resume or uuid7(time.time_ns() // 1_000_000, os.urandom(10))
    with Table(places) as table:
        if request.replace:
            end(places, name, timeout_seconds=request.timeout_seconds)
        allocation = allocate(
            table,
            Request(
                name=name,
                session=session,
                scope=resolved.scope,
                since=rfc3339(time.time_ns()),
                source=resolved.file or "manifest",
            ),
            doing=lambda holder: _doing(places, holder),
        )
        try:
            grounded = msgspec.structs.replace(resolved, scope=allocation.scope)
            pid = _launch(request, session, grounded, allocation)
        except BaseException:
            give_back(table, allocation)
            raise
        allocation.life.close()
    return Started(
        name=name,
        session=session,
        socket=str(places.socket(name)),
        pid=pid,
        log=str(places.log_file(name)),
        warnings=(
            *resolved.warnings,
            *(
                f"{conflict.path} is also writable by pod {conflict.holder!r}"
                for conflict in allocation.warnings
            ),
        ),
    )


def _doing(places: Places, holder: str) -> str:
    """What a pod is at, in a few words, if it says so at once."""
    from podd.client.discovery import find

    try:
        status = find(places, holder).status
    except PoddError:
        return ""
    if status is None:
        return "not answering"
    running = ", ".join(call.name for call in status.tool_calls)
    return f"{status.state}: {running}" if running else status.state


def _session_manifest(request: StartRequest) -> Resolved:
    if request.resume is None:
        raise UsageError(reason="neither a manifest nor a session to start from")
    return from_document(newest_manifest(request.places, request.resume))


def _launch(
    request: StartRequest, session: str, resolved: Resolved, allocation: Allocation
) -> int:
    places = request.places
    message = StartMessage(
        name=allocation.name,
        session=session,
        origin="new" if request.resume is None else "restore",
        manifest=to_document(resolved),
        manifest_given=request.resume is not None and request.resolved is not None,
        runtime=str(places.runtime),
        state=str(places.state),
        configuration=str(places.configuration),
        allocation=allocation.id,
        token=allocation.token,
        life_descriptor=allocation.life.let_inherit(),
    )
    log = places.log_file(allocation.name)
    private_directory(log.parent)
    process = PodProcess(message, log)
    try:
        report = process.report(request.timeout_seconds)
        if isinstance(report, Ready):
            return report.pid
        raise _failure(request, allocation.name, process, report)  # noqa: TRY301  # one way out for every failure
    except BaseException:
        process.end()
        # The name is still ours, so what lies there is what the process has left.
        shutil.rmtree(places.pod(allocation.name), ignore_errors=True)
        if request.resume is None:
            remove_unborn(places, session)
        raise


def _failure(
    request: StartRequest, name: str, process: PodProcess, report: NotStarted | Silence
) -> PoddError:
    if isinstance(report, NotStarted):
        return StartFailedError(
            pod=name,
            failure=report.code,
            status=report.exit_code,
            message=report.message,
            advice=report.remedy,
            details=report.data,
        )
    return PodNotAnsweringError(
        pod=name,
        reason=process.why(report, request.timeout_seconds),
        log=str(request.places.log_file(name)),
    )
