"""What `.gitignore` files leave out of a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from podd.tools.scoped_files import ScopedFiles

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

#: A larger one is no list that a person wrote.
_IGNORE_FILE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The ignore files that count in one directory, the nearest first."""

    specs: tuple[tuple[str, GitIgnoreSpec], ...] = ()
    """(directory, what the file in it says)."""

    def entered(self, files: ScopedFiles, directory: str) -> IgnoreRules:
        """The rules inside a directory, which may have a file of its own."""
        from pathspec import GitIgnoreSpec

        try:
            found = files.read_now(f"{directory}/.gitignore", _IGNORE_FILE_BYTES)
        except Exception as error:  # noqa: BLE001  # whatever it is, there are no rules
            _ = error
            return self
        text = found.data.decode("utf-8", "replace")
        spec = GitIgnoreSpec.from_lines(text.splitlines())
        return IgnoreRules(specs=((directory, spec), *self.specs))

    def leaves_out(self, path: str, *, directory: bool) -> bool:
        """Whether the nearest file that speaks of `path` ignores it."""
        for place, spec in self.specs:
            relative = path[len(place.rstrip("/")) + 1 :]
            verdict = spec.check_file(f"{relative}/" if directory else relative)
            if verdict.include is not None:
                return verdict.include
        return False


def rules_around(files: ScopedFiles, base: str) -> IgnoreRules:
    """Gather what counts in `base`: its own file and those above, up to its checkout.

    What is looked into by name is not left out, whatever the files above say of it.
    """
    above: list[str] = []
    at = base
    while at != "/" and not _is_checkout(files, at):
        at = at[: at.rfind("/")] or "/"
        above.append(at)
    rules = IgnoreRules()
    for directory in reversed(above):
        rules = rules.entered(files, directory)
    if rules.leaves_out(base, directory=True):
        rules = IgnoreRules()
    return rules.entered(files, base)


def _is_checkout(files: ScopedFiles, directory: str) -> bool:
    try:
        files.kind(f"{directory}/.git")
    except Exception as error:  # noqa: BLE001  # not there, or not for us to see
        _ = error
        return False
    return True
