"""`podctl diff`: the files that a session changed, against what they are now."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from podd.cli import naming
from podd.cli.completing import pods_and_sessions
from podd.cli.output import Output, Tint, harmless, tinted
from podd.cli.verb import Verb
from podd.errors import JournalDamagedError
from podd.paths import places

if TYPE_CHECKING:
    from podd.cli.changes import FileDiff, Touched
    from podd.journal.session_directory import SessionDirectory


@click.command(cls=Verb, example="podctl diff reviewer\npodctl diff last | less")
@click.argument("name", metavar="NAME|SESSION", shell_complete=pods_and_sessions)
@click.pass_obj
def command(output: Output, name: str) -> None:
    """Show the files that a session changed.

    A unified diff from before its first write to the file as it is now. What someone
    else changed since is in it, and is said.
    """
    from podd.cli.changes import compare, touched
    from podd.cli.kept import kept
    from podd.journal.reader import read_entries

    directory = naming.session_meant(places(), name)
    files = touched(entry for _, entry in read_entries(directory))
    workdir = kept(directory).workdir or ""

    def before(file: Touched) -> bytes:
        return _before(directory, file)

    diffs = [compare(file, before, _label(file.path, workdir)) for file in files]
    if output.json:
        output.document(
            {"session": directory.session, "files": [_row(diff) for diff in diffs]}
        )
        return
    for diff in diffs:
        _show(output, diff, _label(diff.path, workdir))
    if not any(diff.change != "unchanged" for diff in diffs):
        output.say("no file differs from what it was before the session")


def _before(directory: SessionDirectory, file: Touched) -> bytes:
    from podd.journal.blobs import BlobFault

    assert file.before is not None, "asked only where something stood before"
    found = directory.blobs.get(file.before)
    if isinstance(found, BlobFault):
        state = "missing" if found.kind == "blob_missing" else "not what was written"
        raise JournalDamagedError(
            path=str(directory.journal),
            line=file.n,
            reason=f"its blob {file.before} is {state}",
            damage=found.kind,
        )
    return found


def _label(path: str, workdir: str) -> str:
    """Relative to the workdir where it lies there, as the pod would say it."""
    inside = workdir and path.startswith(f"{workdir.rstrip('/')}/")
    return path[len(workdir.rstrip("/")) + 1 :] if inside else path


def _row(diff: FileDiff) -> dict[str, Any]:
    return {
        "path": diff.path,
        "change": diff.change,
        "shown": diff.shown,
        "changed_since": diff.changed_since,
        "added": diff.added,
        "removed": diff.removed,
        "diff": "".join(f"{line}\n" for line in diff.lines),
    }


def _show(output: Output, diff: FileDiff, label: str) -> None:
    if diff.change == "unchanged":
        return
    if diff.changed_since:
        output.say(
            f"{label}: changed again since, and not by this session's last write"
        )
    match diff.shown:
        case "text":
            for line in diff.lines:
                _put(line)
        case "binary":
            output.text(f"binary file {label}: {diff.change}")
        case "too_large":
            output.text(f"large file {label}: {diff.change}, too large for a diff")
        case "unreadable":
            output.text(f"{label}: cannot be read any more")


def _put(line: str) -> None:
    """Print a line of a diff. The colour goes on after what might be a control."""
    tint = _tint(line)
    shown = harmless(line) if sys.stdout.isatty() else line
    sys.stdout.write((tinted(shown, tint, sys.stdout) if tint else shown) + "\n")


def _tint(line: str) -> Tint | None:
    if line.startswith(("--- ", "+++ ")):
        return "bold"
    return {"+": "green", "-": "red", "@": "dim"}.get(line[:1])  # type: ignore[return-value]  # all four are tints
