"""`podctl resume`: go on with a paused pod or an ended session."""

from __future__ import annotations

import click

from podd.cli.completing import pods_and_sessions
from podd.cli.output import Output
from podd.cli.verb import Verb


@click.command(cls=Verb, example="podctl resume reviewer\npodctl resume last --detach")
@click.argument("name", metavar="NAME|SESSION|last", shell_complete=pods_and_sessions)
@click.option("--detach", is_flag=True, help="Do not follow the open turn.")
@click.pass_obj
def command(output: Output, name: str, detach: bool) -> int:
    """Go on with a paused pod or an ended session.

    A live pod is no longer paused. An ended one is started again from its session, no
    manifest needed, and goes on with its turn unless that was paused. If a turn is
    open, it is followed as podctl run does. last is the newest session.
    """
    from podd.cli.interrupts import Interrupts
    from podd.cli.result import report
    from podd.cli.resuming import resumed
    from podd.cli.running import follow_open_turn, how_to_go_on
    from podd.paths import places

    where = places()
    pod = resumed(where, name, output)
    with pod.connection as connection, Interrupts() as interrupts:
        result = None
        if not detach:
            result = follow_open_turn(
                connection,
                before=pod.before,
                output=output,
                places=where,
                interrupts=interrupts,
            )
        if result is None and output.json:
            output.document({"pod": pod.document()})
    if result is None:
        output.say(how_to_go_on(where, connection.pod))
        return 0
    report(output, result, how_to_go_on=how_to_go_on(where, result.pod))
    return result.exit_code
