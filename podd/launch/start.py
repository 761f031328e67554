"""Starting a pod, in the order that leaves nothing behind when a step fails.

The scope is taken, or lent, first, under a life lock whose descriptor goes down to the
new process. The process adopts the allocation before it reports; then our copy of the
descriptor is closed, and from there on only the pod's death frees the scope.

One way for everyone: `podctl spawn` starts roots, a pod starts its children.
"""

from __future__ import annotations

import os
import shutil
import time

import msgspec

from podd.core.session.stamps import rfc3339, uuid7
from podd.errors import (
    PoddError,
    PodNotAnsweringError,
    SessionHeldError,
    StartAbandonedError,
    StartFailedError,
    UsageError,
)
from podd.launch.ending import end
from podd.launch.message import NotStarted, Ready, StartMessage
from podd.launch.model import model_settings
from podd.launch.process import PodProcess, Silence
from podd.launch.request import Lender, Started, StartRequest
from podd.launch.requirements import check_sandbox
from podd.launch.session import Kept, kept, remove_unborn
from podd.manifest.document import from_document, to_document
from podd.manifest.resolved import Resolved
from podd.paths import Places, private_directory
from podd.providers.registry import check_script, missing_key
from podd.scope_lock.allocation import (
    Allocation,
    Limits,
    Request,
    allocate,
    give_back,
)
from podd.scope_lock.lending import Loan, lend
from podd.scope_lock.table import Table

__all__ = ["Lender", "StartRequest", "Started", "start", "start_held"]


def start(request: StartRequest) -> Started:
    """Start a pod and return when its socket answers.

    Raises:
        MissingKeyError: its provider's key is not in the environment.
        ManifestError, NoSuchError: its script is broken or missing.
        NameTakenError, ScopeConflictError, SessionHeldError: someone must give way.
        OutsideScopeError, LimitReachedError, LeaseLostError: the lender may not.
        StartFailedError: the pod said why it cannot start.
        PodNotAnsweringError: it died, or said nothing, within the time given.
        StartAbandonedError: nobody wants it any more.
    """
    return start_held(request)[0]


def start_held(request: StartRequest) -> tuple[Started, PodProcess]:
    """Start a pod as `start` does, for a starter that lives on and has to reap it.

    Raises:
        PoddError: as `start`.
    """
    found = _kept(request)
    resolved = request.resolved
    if resolved is None:
        if found is None:
            raise UsageError(reason="neither a manifest nor a session to start from")
        resolved = from_document(found.manifest)
    name = request.name or resolved.manifest.pod.name
    settings = model_settings(resolved.manifest.model)
    if (lacking := missing_key(settings, os.environ)) is not None:
        raise lacking
    check_script(settings)
    check_sandbox(resolved.manifest)
    private_directory(request.places.state)
    if request.lender is not None:
        return _start(request, request.lender.table, name, resolved, found)
    with Table(request.places) as table:
        if request.replace:
            end(request.places, name, timeout_seconds=request.timeout_seconds)
        return _start(request, table, name, resolved, found)


def _kept(request: StartRequest) -> Kept | None:
    if request.resume is None:
        return None
    try:
        return kept(request.places, request.resume)
    except PoddError:
        if request.resolved is None:
            raise
        return None  # the pod itself says what is wrong, when the name is known free


def _start(
    request: StartRequest,
    table: Table,
    name: str,
    resolved: Resolved,
    found: Kept | None,
) -> tuple[Started, PodProcess]:
    limits = resolved.manifest.limits
    taken = _take(
        request,
        table,
        Request(
            name=name,
            session=request.resume or request.session or _new_session(),
            scope=resolved.scope,
            since=rfc3339(time.time_ns()),
            source=resolved.file or "manifest",
            limits=Limits(pods=limits.pods, depth=limits.depth),
            pods_spawned=0 if found is None else found.pods_below,
        ),
    )
    allocation, session = taken
    try:
        request.reach("lend.lent")
        grounded = msgspec.structs.replace(resolved, scope=allocation.scope)
        process, pid = _launch(request, session, grounded, allocation)
    except BaseException:
        give_back(table, allocation)
        raise
    allocation.life.close()
    started = Started(
        name=name,
        session=session,
        socket=str(request.places.socket(name)),
        pid=pid,
        log=str(request.places.log_file(name)),
        warnings=(
            *resolved.warnings,
            *(
                f"{conflict.path} is also writable by pod {conflict.holder!r}"
                for conflict in allocation.warnings
            ),
        ),
    )
    return started, process


def _new_session() -> str:
    return uuid7(time.time_ns() // 1_000_000, os.urandom(10))


def _take(
    request: StartRequest, table: Table, wanted: Request
) -> tuple[Allocation, str]:
    """Take the scope, or have it lent; this is what everybody else sees."""

    def doing(holder: str) -> str:
        return _doing(request.places, holder)

    lender = request.lender
    if lender is None:
        return allocate(table, wanted, doing=doing), wanted.session
    taken = lend(table, lender.lease, wanted, counted=lender.is_counted, doing=doing)
    if isinstance(taken, Loan):
        # Somebody starts it, or has: whoever asks looks at it first.
        raise SessionHeldError(session=taken.session, pod=taken.name)
    return taken, wanted.session


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


def _launch(
    request: StartRequest, session: str, resolved: Resolved, allocation: Allocation
) -> tuple[PodProcess, int]:
    places = request.places
    if request.abandon is not None:
        request.abandon.check(allocation.name)
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
        life_descriptor=allocation.life.descriptor,
        parent=None if request.lender is None else request.lender.parent,
    )
    log = places.log_file(allocation.name)
    private_directory(log.parent)
    process = PodProcess(message, log, module=request.module)
    try:
        request.reach("lend.started")
        report = process.report(request.timeout_seconds, request.abandon)
        if isinstance(report, Ready):
            request.reach("lend.adopted")
            return process, report.pid
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
    if report == "abandoned":
        return StartAbandonedError(pod=name)
    return PodNotAnsweringError(
        pod=name,
        reason=process.why(report, request.timeout_seconds),
        log=str(request.places.log_file(name)),
    )
