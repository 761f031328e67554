"""`podctl stop`: let pods finish what runs, then end them."""

from __future__ import annotations

import click

from podd.cli import naming
from podd.cli.completing import pods
from podd.cli.ending import Ending, ask_to_end, wait_for_ends
from podd.cli.family import Family, children_left, uncovered
from podd.cli.output import Output
from podd.cli.several import raise_first
from podd.cli.verb import Verb
from podd.client import discovery
from podd.client.connection import ANSWER_SECONDS
from podd.client.discovery import LivePod
from podd.errors import NoSuchError, PoddError, UsageError
from podd.paths import Places, places
from podd_protocol.requests import ShutdownMode


@click.command(
    cls=Verb,
    example=(
        "podctl stop reviewer writer\n"
        "podctl stop planner --tree\n"
        "podctl stop --all --now"
    ),
)
@click.argument("names", metavar="NAME...", nargs=-1, shell_complete=pods)
@click.option("--tree", is_flag=True, help="With the pods below them.")
@click.option("--now", is_flag=True, help="Interrupt what runs at once.")
@click.option("--all", "everything", is_flag=True, help="Every live pod.")
@click.pass_obj
def command(
    output: Output, *, names: tuple[str, ...], tree: bool, now: bool, everything: bool
) -> None:
    """Let pods finish, then end them.

    What runs is interrupted after 10 seconds, and the turn can be resumed. Returns when
    the pods are gone; exit code 7 if one has not ended after 15 seconds, with what
    still runs. A pod with children is stopped only with --tree, they first. Session and
    log stay.
    """
    if everything == bool(names):
        raise UsageError(
            reason="name the pods to stop, or say --all, and not both",
            hint="podctl list shows the live pods",
        )
    where = places()
    mode: ShutdownMode = "now" if now else "drain"
    found, failures = _targets(where, names, tree=tree, limit=output.timeout_seconds)
    asked: list[Ending] = []
    # All are asked before any is waited for: a parent that drains already is not woken
    # by the end of its children.
    for pod in found:
        try:
            asked.append(
                ask_to_end(pod, mode, output.timeout_seconds or ANSWER_SECONDS)
            )
        except PoddError as error:
            failures.append(error)
    stopped, late = wait_for_ends(where, asked, mode, output.timeout_seconds)
    failures += late
    if output.json and (stopped or not failures):
        output.document(
            {"stopped": [{"pod": s.pod.name, "session": s.session} for s in stopped]}
        )
    elif not output.json:
        for one in stopped:
            output.text(
                f"{one.pod.name} has ended; podctl resume {one.pod.name} goes on"
            )
        if everything and not found:
            output.say("no pods are alive")
    raise_first(output, failures)


def _targets(
    where: Places, names: tuple[str, ...], *, tree: bool, limit: float | None
) -> tuple[list[LivePod], list[PoddError]]:
    """The pods meant, children first; what keeps one from being stopped stops no other.

    Without names all are meant.
    """
    found: dict[str, LivePod] = {}
    failures: list[PoddError] = []
    if not names:
        found = {pod.name: pod for pod in discovery.pods(where)}
    for name in dict.fromkeys(names):
        try:
            found[name] = naming.live_pod(where, name, limit)
        except PoddError as error:
            failures.append(error)
    family = Family.of(where) if found else Family({})
    for name in tuple(found):
        left = uncovered(family, name, found)
        if left and not tree:
            del found[name]
            failures.append(children_left("stop", name, left))
        for child in left if tree else ():
            try:
                found[child] = discovery.find(where, child)
            except NoSuchError:
                continue  # it has just ended, or never came up: its parent knows
    return [found[name] for name in family.deepest_first(found)], failures
