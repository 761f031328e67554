"""`podctl spawn`: start a pod, and run its first input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from podd.cli.attach_option import attach_option
from podd.cli.completing import sessions
from podd.cli.output import Output
from podd.cli.verb import Verb
from podd.errors import UsageError

if TYPE_CHECKING:
    from podd.cli.last_turn import Turns
    from podd.cli.starting import Wanted


@click.command(
    cls=Verb,
    example=(
        "podctl spawn manifests/demo.toml --once\n"
        'podctl spawn reviewer.toml "review src" --name rev --set agent.max_steps=20\n'
        'podctl spawn reviewer.toml "what is wrong here?" --attach shot.png\n'
        "podctl spawn reviewer.toml --resume last --detach"
    ),
)
@click.argument("manifest", required=False, type=click.Path(readable=False))
@click.argument("prompt", required=False)
@click.option("--name", help="The pod's name, instead of the manifest's.")
@click.option(
    "--model", metavar="REF", help="PROVIDER/NAME, instead of the manifest's."
)
@click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    help="Any value of the manifest; as often as needed.",
)
@attach_option
@click.option("--detach", is_flag=True, help="Return when the pod is ready.")
@click.option(
    "--once", is_flag=True, help="End the pod after the turn; keep its session."
)
@click.option("--replace", is_flag=True, help="End a live pod of this name first.")
@click.option(
    "--resume",
    metavar="SESSION|last",
    shell_complete=sessions,
    help="Go on with a session of this pod.",
)
@click.pass_obj
def command(
    output: Output,
    *,
    manifest: str | None,
    prompt: str | None,
    name: str | None,
    model: str | None,
    overrides: tuple[str, ...],
    attach: tuple[str, ...],
    detach: bool,
    once: bool,
    replace: bool,
    resume: str | None,
) -> int | None:
    """Start a pod, and run its first input.

    MANIFEST is ./podd.toml if absent. PROMPT, or - for stdin, or else agent.input of
    the manifest, is run and followed, and podctl ends as its turn ends (see podctl run
    --help). The pod stays. Without an input, podctl attaches to it on a terminal, and
    else returns when the pod is ready.
    """
    from podd.cli.enclosing import enclosed, files_in
    from podd.cli.prompt import prompt_of
    from podd.cli.starting import wanted
    from podd.paths import places

    if detach and once:
        raise UsageError(reason="--detach leaves the pod, --once ends it: choose one")
    text = None if prompt is None else prompt_of(prompt)
    # Before anything is started: a file that is not there should start no pod.
    files = files_in(attach)
    want = wanted(
        places(),
        manifest=manifest,
        overrides=_overrides(name, model, overrides),
        resume=resume,
    )
    text = _first_input(want, text)
    if files and text is None:
        raise UsageError(
            reason="--attach goes with a PROMPT",
            hint="give one, or agent.input in the manifest",
        )
    before = _turns_before(want)
    if once and text is None and not (before and before.unfinished):
        raise UsageError(
            reason="--once needs something to run",
            hint="give a PROMPT, or agent.input in the manifest",
        )
    from podd.cli.spawning import Spawning

    spawning = Spawning(
        output=output,
        places=places(),
        want=want,
        name=name,
        given=None if text is None else enclosed(text, files),
        before=before,
        replace=replace,
        afterwards=_afterwards(detach=detach, once=once),
    )
    return spawning.run()


def _overrides(
    name: str | None, model: str | None, stated: tuple[str, ...]
) -> list[str]:
    import json

    # As TOML strings: a name such as `1` must not become a number.
    named = [("pod.name", name), ("model.ref", model)]
    return [
        *stated,
        *(f"{key}={json.dumps(value)}" for key, value in named if value is not None),
    ]


def _first_input(want: Wanted, text: str | None) -> str | None:
    if text is not None or want.resolved is None or want.session is not None:
        # A session that goes on has had its first input.
        return text
    return want.resolved.manifest.agent.input


def _turns_before(want: Wanted) -> Turns | None:
    if want.session is None:
        return None
    from podd.cli.last_turn import turns_of

    return turns_of(want.session)


def _afterwards(*, detach: bool, once: bool) -> Literal["leave", "follow", "end"]:
    if once:
        return "end"
    return "leave" if detach else "follow"
