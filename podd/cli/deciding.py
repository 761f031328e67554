"""What `approve` and `deny` share: the call, the verdict, and the words about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from podd_protocol.requests import Approve, Deny

if TYPE_CHECKING:
    from podd.cli.output import Output
    from podd_protocol.values import Remember, Verdict

_REQUESTS: Final[dict[Verdict, type[Approve | Deny]]] = {
    "approved": Approve,
    "denied": Deny,
}


def decide(
    output: Output,
    name: str,
    call: str | None,
    *,
    verdict: Verdict,
    remember: Remember,
    reason: str | None,
) -> None:
    """Say to the pod what becomes of a call that waits.

    Args:
        output: how to answer.
        name: the pod that asks, or one above it.
        call: absent, if only one waits.
        verdict: for it.
        remember: for this call alone, or for equal ones of the session.
        reason: for the journal; the model reads that of a denial.

    Raises:
        UsageError: several calls may be meant, or none.
        FailureReplyError: `no_such_call`; it waits no more, or never did.
    """
    from podd.cli.asked import the_approval
    from podd.cli.asking_words import approval_words
    from podd.cli.reaching import reach
    from podd.paths import places

    with reach(places(), name, output) as connection:
        asked = the_approval(connection, call)
        # One that the pod does not show is its to refuse: it may just have come.
        meant = call or "" if asked is None else asked.call
        pod = None if asked is None else asked.pod
        connection.ask(
            _REQUESTS[verdict](
                id=0, call=meant, pod=pod, remember=remember, reason=reason
            )
        )
    if output.json:
        fields = {"pod": pod or name, "call": meant, "remember": remember}
        output.document({verdict: fields})
        return
    session = " for the session" if remember == "session" else ""
    what = meant if asked is None else approval_words(asked)
    output.say(f"{verdict}{session}: {what}")
