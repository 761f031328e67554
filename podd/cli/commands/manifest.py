"""`podctl manifest`: what a manifest says, what is wrong with it, whose we trust."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from podd.cli.output import Output
from podd.cli.verb import VerbGroup
from podd.errors import ManifestError, NoSuchError
from podd.paths import places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podd.manifest.request import LoadRequest
    from podd.manifest.resolved import Origin, Resolved

#: What `spawn` takes too where no file is given.
FILE: Final = Path("podd.toml")

_file = click.argument(
    "file", default=FILE, type=click.Path(readable=False, path_type=Path)
)
_overrides = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="As `spawn` would be told; may be repeated.",
)


@click.group(
    cls=VerbGroup,
    example="""
    podctl manifest check reviewer.toml
    podctl manifest show reviewer.toml
    """,
)
def command() -> None:
    """Check, show and trust manifests."""


@command.command("check", example="podctl manifest check reviewer.toml")
@_file
@_overrides
@click.pass_obj
def check(output: Output, file: Path, overrides: tuple[str, ...]) -> int:
    """List all that is wrong with a manifest, with line and key.

    Exit code 2 if there is anything. FILE is podd.toml where it is not given.
    """
    from podd.manifest import loading

    request = _request(file, overrides)
    errors = loading.check(request)
    if not errors:
        warnings = loading.load(request).warnings
        if output.json:
            output.document({"file": str(file), "errors": [], "warnings": warnings})
        else:
            output.text(f"{file}: ok")
            for warning in warnings:
                output.say(f"note: {warning}")
        return 0
    if output.json:
        # The first stands under `error` too, where every failed command has one.
        output.document(
            {
                "file": str(file),
                "errors": [_fault(error) for error in errors],
                "warnings": [],
                "error": _fault(errors[0]),
            }
        )
    else:
        for error in errors:
            output.text(str(error))
            if error.remedy:
                output.text(f"  {error.remedy}")
        output.say(f"{len(errors)} wrong in {file}")
    return errors[0].exit_code


@command.command("show", example="podctl manifest show reviewer.toml --set pod.name=x")
@_file
@_overrides
@click.pass_obj
def show(output: Output, file: Path, overrides: tuple[str, ...]) -> None:
    """Show a manifest as its layers make it, with the origin of each value."""
    from podd.manifest import loading
    from podd.manifest.document import to_document

    resolved = loading.load(_request(file, overrides))
    if output.json:
        output.document(to_document(resolved) | {"warnings": resolved.warnings})
        return
    lines = list(_settings(resolved))
    widest = max(len(setting) for setting, _ in lines)
    for setting, origin in lines:
        output.text(f"{setting:<{min(widest, 48)}}  # {origin}")
    for rule in resolved.scope.rules:
        depth = "" if rule.recursive else " (not below)"
        output.text(f"# scope: {rule.access} {rule.path}{depth}")
    for warning in resolved.warnings:
        output.say(f"note: {warning}")


@command.command("trust", example="podctl manifest trust ~/src/website")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--remove", is_flag=True, help="Take the trust back.")
@click.pass_obj
def trust(output: Output, directory: Path, remove: bool) -> None:
    """Trust a directory's .podd, or take that back.

    Its manifest.toml may then set scope, keys and servers for the pods that work
    below it. Look at it first.
    """
    from podd.manifest import trust as trusting

    where = places()
    if remove:
        # Also of a directory that is gone: the trust must not wait for its successor.
        real = trusting.untrust(where, directory)
    elif not directory.is_dir():
        raise NoSuchError(what="file", name=str(directory), hint="name a directory")
    else:
        real = trusting.trust(where, directory)
    if output.json:
        output.document({"directory": real, "trusted": not remove})
    else:
        output.text(f"{real} is {'no longer ' if remove else ''}trusted")


def _request(file: Path, overrides: tuple[str, ...]) -> LoadRequest:
    from podd.manifest.request import LoadRequest

    return LoadRequest(
        file=file,
        overrides=overrides,
        caller_directory=Path.cwd(),
        environment=os.environ,
        places=places(),
    )


def _fault(error: ManifestError) -> dict[str, Any]:
    return {
        "code": error.code,
        "message": str(error),
        "remedy": error.remedy,
        "data": error.data,
    }


def _settings(resolved: Resolved) -> Iterator[tuple[str, str]]:
    """Each value as `KEY = VALUE`, and where it comes from."""
    import msgspec

    values = msgspec.to_builtins(resolved.manifest)
    for key, value in _leaves(values, resolved.origins):
        if value is None:
            continue
        text = f"{key} = {msgspec.json.encode(value).decode()}"
        yield text, _where(resolved.origins.get(key))


def _leaves(
    value: Any,  # noqa: ANN401  # JSON values
    origins: Any,  # noqa: ANN401  # a mapping; only membership is asked
    key: str = "",
) -> Iterator[tuple[str, Any]]:
    """Dotted keys and their values, as deep as origins are known."""
    if not isinstance(value, dict) or (key and key in origins) or (key and not value):
        yield key, value
        return
    for name, inner in value.items():
        yield from _leaves(inner, origins, f"{key}.{name}" if key else name)


def _where(origin: Origin | None) -> str:
    if origin is None:
        return "built-in"
    if not origin.path:
        return origin.layer
    line = "" if origin.line is None else f":{origin.line}"
    return f"{origin.layer} {origin.path}{line}"
