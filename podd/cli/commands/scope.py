"""`podctl scope`: who holds what, who may write here, and what the dead hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podd.cli.duration import short, since
from podd.cli.output import Output
from podd.cli.verb import VerbGroup
from podd.client.ownership import refuse_strangers
from podd.errors import NoSuchError
from podd.paths import Places, places

if TYPE_CHECKING:
    from podd.core.scope.rules import Rule
    from podd.scope_lock.listing import AllocationView, Holder
    from podd.scope_lock.table import Table


@click.group(
    cls=VerbGroup,
    example="""
    podctl scope list
    podctl scope check src/main.py
    """,
)
def command() -> None:
    """Show who may write where, and free what the dead hold."""


@command.command("list", example="podctl scope list --json")
@click.pass_obj
def list_(output: Output) -> None:
    """List what each live pod holds."""
    from podd.scope_lock.listing import allocations
    from podd.scope_lock.table import Table

    where = places()
    refuse_strangers(where.runtime)
    with Table(where) as table:
        found = allocations(table)
        _tell_set_aside(output, table)
    held = [one for one in found if one.alive]
    dead = [one.pod for one in found if not one.alive]
    if output.json:
        output.document({"allocations": [_row(one) for one in held], "dead": dead})
        return
    for one in held:
        lent = f", lent by {one.parent}" if one.parent else ""
        output.text(f"{one.pod}  pid {one.pid}, for {short(since(one.since))}{lent}")
        for rule in one.rules:
            output.text(f"  {rule.access:<9} {_rule_words(rule)}")
        for loan in one.lent:
            for rule in loan.rules:
                if rule.access == "write":
                    output.text(f"  {'lent':<9} {_rule_words(rule)} to {loan.to}")
        if one.mode != "enforce":
            output.text(f"  mode      {one.mode}")
    if not held:
        output.say("nobody holds anything")
    if dead:
        output.say(f"free, though not cleared away yet: {', '.join(dead)}")


@command.command("check", example="podctl scope check src/main.py")
@click.argument("path", type=click.Path(readable=False, path_type=Path))
@click.pass_obj
def check(output: Output, path: Path) -> None:
    """Show who may write and who may read at a path.

    PATH is relative to where you are and need not exist. Exit code 0 either way.
    """
    from podd.scope_lock.listing import holders_of
    from podd.scope_lock.table import Table

    where = places()
    refuse_strangers(where.runtime)
    with Table(where) as table:
        holders = holders_of(table, str(path.absolute()))
        _tell_set_aside(output, table)
    writer = holders.writer
    doing = "" if writer is None else _doing(where, writer.pod)
    if output.json:
        output.document(
            {
                "path": holders.path,
                "writer": None if writer is None else _holder_row(writer, doing),
                "readers": [_reader_row(reader) for reader in holders.readers],
            }
        )
        return
    if writer is None:
        output.text(f"no pod may write {holders.path}")
    for holder in holders.writers:
        lent = f", lent by {holder.lent_by}" if holder.lent_by else ""
        says = f", {doing}" if doing and holder is writer else ""
        age = short(since(holder.since))
        output.text(
            f"{holder.pod} may write {holders.path} "
            f"(through {holder.rule.path}, for {age}{lent}{says})"
        )
    for reader in holders.readers:
        output.text(f"{reader.pod} may read it")


@command.command("reclaim", example="podctl scope reclaim")
@click.pass_obj
def reclaim(output: Output) -> None:
    """Free what the dead hold.

    Only what is proved to be held by nobody; what a dead pod left running is ended
    first. Starting a pod does the same for what is in its way.
    """
    from podd.scope_lock.reclaim import reclaim as reclaim_from
    from podd.scope_lock.table import Table

    where = places()
    refuse_strangers(where.runtime)
    with Table(where) as table:
        freed = reclaim_from(table)
        _tell_set_aside(output, table)
    if output.json:
        rows = [
            {"pod": one.pod, "session": one.session, "since": one.since}
            for one in freed
        ]
        output.document({"freed": rows})
        return
    for one in freed:
        output.text(f"freed what {one.pod} held (session {one.session})")
    if not freed:
        output.say("the dead hold nothing")


def _tell_set_aside(output: Output, table: Table) -> None:
    found = table.set_aside
    if found is not None and found.reason != "foreign_boot":
        output.say(f"the table was {found.reason}; it is kept as {found.kept_as}")


def _row(one: AllocationView) -> dict[str, Any]:
    return {
        "pod": one.pod,
        "pid": one.pid,
        "since": one.since,
        "parent": one.parent,
        "session": one.session,
        "mode": one.mode,
        "rules": _rules(one.rules),
        "lent": [{"to": loan.to, "rules": _rules(loan.rules)} for loan in one.lent],
    }


def _rules(rules: tuple[Rule, ...]) -> list[dict[str, Any]]:
    return [
        {"path": rule.path, "access": rule.access, "recursive": rule.recursive}
        for rule in rules
    ]


def _rule_words(rule: Rule) -> str:
    return rule.path if rule.recursive else f"{rule.path} (not below)"


def _holder_row(holder: Holder, doing: str) -> dict[str, Any]:
    return {
        "pod": holder.pod,
        "since": holder.since,
        "lent_by": holder.lent_by,
        "doing": doing,
        "through": holder.rule.path,
        "mode": holder.mode,
    }


def _reader_row(holder: Holder) -> dict[str, Any]:
    return {"pod": holder.pod, "since": holder.since, "through": holder.rule.path}


def _doing(where: Places, pod: str) -> str:
    """What the pod is at, in a few words; it may be gone or mute by now."""
    from podd.client.discovery import find

    try:
        status = find(where, pod).status
    except NoSuchError:
        return ""
    if status is None:
        return "not answering"
    calls = [f"running {c.name} for {short(since(c.since))}" for c in status.tool_calls]
    return ", ".join(calls) or status.state
