"""The option that `run` and `spawn` share: files that go with a prompt."""

from __future__ import annotations

import click

attach_option = click.option(
    "--attach",
    metavar="FILE",
    multiple=True,
    type=click.Path(readable=False),
    help="A picture (PNG, JPEG, GIF, WebP) or a PDF that the model is to see with "
    "PROMPT; as often as needed.",
)
