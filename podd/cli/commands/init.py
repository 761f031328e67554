"""`podctl init`: write a first manifest, and never over another file."""

from __future__ import annotations

from pathlib import Path

import click

from podd.cli.output import Output
from podd.cli.verb import Verb
from podd.errors import DeniedError, NoSuchError, StorageError, UsageError


@click.command(cls=Verb, example="podctl init reviewer.toml")
@click.argument("file", default="podd.toml", type=click.Path(path_type=Path))
@click.pass_obj
def command(output: Output, file: Path) -> None:
    """Write a first manifest.

    FILE is podd.toml where it is not given. A file that is there is left alone.
    """
    from podd.manifest.starter import STARTER

    _write_new(file, STARTER)
    if output.json:
        output.document({"manifest": str(file.absolute())})
        return
    output.text(str(file))
    output.say(f"edit it, then: podctl manifest check {file}; podctl spawn {file}")


def _write_new(file: Path, text: str) -> None:
    try:
        # "x": made by us or not at all, also if two of us run at once.
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError as error:
        raise UsageError(
            reason=f"{file} is there already",
            hint="name another file: podctl init FILE",
        ) from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoSuchError(
            what="file", name=str(file.parent), hint=f"make {file.parent} first"
        ) from error
    except PermissionError as error:
        raise DeniedError(
            reason=f"may not write {file}", hint="choose a directory of your own"
        ) from error
    except OSError as error:
        raise StorageError(path=str(file), reason=error.strerror or "") from error
